//! The one hash of the log: SHA-256 with the domain separation of RFC 6962 §2.1.
//!
//! A leaf is hashed after a `0x00` octet and a node after a `0x01`, so that no leaf can be passed off as a node.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

/// A SHA-256 digest; 32 octets, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Says that a text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lower-case hexadecimal digits")]
pub struct ParseHashError;

/// Hashes the octets of a leaf: `SHA-256(0x00 ‖ bytes)`, RFC 6962 §2.1.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x00]);
    hasher.update(bytes);
    Hash(hasher.finalize().into())
}

/// Hashes two neighbouring subtrees into their parent: `SHA-256(0x01 ‖ left ‖ right)`, RFC 6962 §2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.0);
    hasher.update(right.0);
    Hash(hasher.finalize().into())
}

/// The root of a tree without leaves: SHA-256 of nothing, RFC 6962 §2.1.
#[must_use]
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

impl Hash {
    /// The digest's octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes a digest from exactly 32 octets, as they lie in a database column.
    ///
    /// # Errors
    /// Any other length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ParseHashError> {
        bytes.try_into().map(Self).map_err(|_| ParseHashError)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, ParseHashError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(ParseHashError);
        }
        let mut bytes = [0; 32];
        // Every event is read through here: wrong digits are collected and looked at once, at the end.
        let mut wrong = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(*high), digit(*low));
            wrong |= high | low;
            *byte = high << 4 | low & 0x0f;
        }
        if wrong < 16 { Ok(Self(bytes)) } else { Err(ParseHashError) }
    }
}

/// The value of a hexadecimal digit, or 255. One value, one spelling: capitals are no digits.
const fn digit(octet: u8) -> u8 {
    match octet {
        b'0'..=b'9' => octet - b'0',
        b'a'..=b'f' => octet - b'a' + 10,
        _ => u8::MAX,
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn hashes_are_those_of_rfc_6962() {
        let known = |text: &str| text.parse::<Hash>().unwrap();
        assert_eq!(empty_root(), known("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        assert_eq!(leaf_hash(b""), known("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
        assert_eq!(
            node_hash(&leaf_hash(b""), &leaf_hash(&[0x00])),
            known("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        );
    }

    #[test]
    fn hash_has_one_spelling() {
        let text = empty_root().to_string();
        assert_eq!(text.parse(), Ok(empty_root()));
        assert_eq!(text.to_uppercase().parse::<Hash>(), Err(ParseHashError));
        assert_eq!(text.get(..63).unwrap().parse::<Hash>(), Err(ParseHashError));
        assert_eq!(format!("{text}00").parse::<Hash>(), Err(ParseHashError));
        for octet in 0..=127_u8 {
            let digit = char::from(octet);
            let is_digit = digit.is_ascii_hexdigit() && !digit.is_ascii_uppercase();
            let (first, last) = (format!("{digit}{}", "0".repeat(63)), format!("{}{digit}", "f".repeat(63)));
            for text in [first, last] {
                let parsed = text.parse::<Hash>();
                assert_eq!(parsed.is_ok(), is_digit, "{text}");
                assert!(parsed.is_err() || parsed.unwrap().to_string() == text);
            }
        }
        assert_eq!(
            serde_json::from_value::<Hash>(serde_json::to_value(empty_root()).unwrap()).unwrap(),
            empty_root()
        );
    }
}
