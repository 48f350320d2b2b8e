//! Reading JSON from strangers, strictly: what two readers could take for two things is refused, and said where.
//!
//! A body is one value or an array of them (RFC 8259). What is wrong with one of an array spoils only that one: a name that
//! is there twice, a fraction, a number that not every reader holds exactly, octets that are no UTF-8, too many levels. What
//! makes the rest of the body unreadable ends the reading. Nesting costs no stack beyond the levels that are allowed.
//!
//! Nothing of what was sent stands in a fault but the names on the way to it.

mod number;
mod pointer;
mod reader;
mod text;

use std::borrow::Cow;

use serde_json::Value;

pub use pointer::{escaped, tokens};
pub use reader::read;

/// The largest integer, either side of zero: 2^53 − 1, the largest that every reader of JSON holds exactly (RFC 8259 §6).
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// Faults that are kept of one item.
pub const MOST_FAULTS: usize = 16;

/// How much one body may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Items of an array.
    pub items: usize,
    /// Octets of an item.
    pub item: usize,
    /// Objects and arrays that may be open at once within an item.
    pub levels: usize,
    /// Octets of a text.
    pub text: usize,
    /// Octets of a name of a member.
    pub name: usize,
    /// Values of an item, those within others among them.
    pub values: usize,
}

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON Pointer (RFC 6901) from the item.
    pub pointer: String,
    /// One sentence, without any value that was sent.
    pub text: Cow<'static, str>,
}

impl Fault {
    /// A fault at this place.
    pub fn new(pointer: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), text: text.into() }
    }
}

/// One value of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The value, with `null` in the place of what could not be taken.
    pub value: Value,
    /// What is wrong with it, at most [`MOST_FAULTS`]; the value is worth something only if there is nothing.
    pub faults: Vec<Fault>,
}

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// One value.
    One(Item),
    /// An array of values.
    Many(Vec<Item>),
}

/// Why nothing of a body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON from here on.
    #[error("octet {offset}: {what}")]
    Syntax {
        /// Octets before the wrong one.
        offset: usize,
        /// What is wrong, in words.
        what: &'static str,
    },
    /// More items than are read.
    #[error("more items than are read at once")]
    TooMany,
}
