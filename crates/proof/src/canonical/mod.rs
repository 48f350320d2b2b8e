//! Canonical JSON: one value, one sequence of octets.
//!
//! A restriction of RFC 8785 (JSON Canonicalization Scheme). On every value it accepts, the octets are those RFC 8785
//! gives; it refuses what makes canonical JSON hard to agree on:
//!
//! - numbers are integers with |n| ≤ 2^53 − 1 ([`MAX_INTEGER`]), written in decimal: no fraction, exponent or `-0`;
//! - object keys are printable ASCII (U+0020 to U+007E) without `"` and `\`, so octet order is RFC 8785's UTF-16 order
//!   and a key never needs an escape;
//! - nesting is at most [`MAX_DEPTH`] objects and arrays.
//!
//! Strings hold any Unicode text. Only `"`, `\` and the controls below U+0020 are escaped, by the two-character form
//! where JSON has one (`\b \t \n \f \r \" \\`) and `\u00xx` in lower case otherwise (RFC 8785 §3.2.2.2).

mod check;
mod lex;
mod write;

pub use check::check;
pub(crate) use lex::{Lexer, Text};
pub use write::to_bytes;

/// The largest integer, either side of zero: 2^53 − 1, the limit of exact integers in RFC 8785's number type.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// How many objects and arrays may be open at once.
pub const MAX_DEPTH: usize = 64;

/// Why a value has no canonical octets, or why octets are not canonical.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A fraction or an exponent.
    #[error("a number is not an integer")]
    NotAnInteger,
    /// Beyond ±(2^53 − 1).
    #[error("an integer is beyond 2^53 - 1")]
    IntegerTooLarge,
    /// A key with a character outside printable ASCII, or with a quote or backslash.
    #[error("an object key is not plain printable ASCII")]
    KeyNotPlain,
    /// More than [`MAX_DEPTH`] levels.
    #[error("the value is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// Octets that are not UTF-8.
    #[error("the octets are not UTF-8")]
    NotUtf8,
    /// Octets that are not canonical JSON; the offset of the first wrong octet and what is wrong there.
    #[error("octet {offset}: {what}")]
    Syntax {
        /// Octets before the wrong one.
        offset: usize,
        /// What is wrong, in words.
        what: &'static str,
    },
}

/// Whether `key` may be an object key: printable ASCII without quote and backslash.
pub(crate) fn is_plain_key(key: &[u8]) -> bool {
    key.iter().all(|octet| matches!(octet, 0x20..=0x7e) && !matches!(octet, b'"' | b'\\'))
}
