//! Salted commitments: what the audit log holds in place of personal values.
//!
//! `HMAC-SHA-256(salt, value)` with a random 128-bit salt. Whoever has salt and value can check that the log
//! speaks of that value; once both are destroyed, the commitment says nothing about the value, however few
//! values are possible.

use std::fmt;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;

use crate::entropy::Entropy;
use crate::secret::SecretBytes;

/// The secret half of a commitment: 16 random bytes, one salt per committed value.
pub struct Salt(SecretBytes<16>);

impl Salt {
    /// Draws a new salt.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(SecretBytes::random(entropy))
    }

    /// Reads a salt back from where it was stored; `None` unless it is 16 bytes long.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        SecretBytes::copy_from(bytes).map(Self)
    }

    /// The bytes to store beside the value, never in the log.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.expose()
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// The public half of a commitment, written as 64 lower-case hexadecimal digits in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// Commits to `value`.
    #[must_use]
    pub fn new(salt: &Salt, value: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
        let mut commitment = [0; 32];
        for (to, from) in commitment.iter_mut().zip(hmac::sign(&key, value).as_ref()) {
            *to = *from;
        }
        Self(commitment)
    }

    /// Whether this commits to `value` under `salt`, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, salt: &Salt, value: &[u8]) -> bool {
        Self::new(salt, value).0.ct_eq(&self.0).into()
    }

    /// A commitment read back from its 32 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A commitment read back from the log; `None` unless it is 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        (!text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(Self(bytes))
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::secret::assert_hidden;

    #[test]
    fn auditor_can_recompute_a_commitment_elsewhere() {
        // openssl dgst -sha256 -mac HMAC -macopt hexkey:000102030405060708090a0b0c0d0e0f
        let salt = Salt::from_slice(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]).unwrap();
        let expected = "57495de5ddb4c82e16491af7d924b2a57b70327496c577a4d393797032187cf5";
        assert_eq!(Commitment::new(&salt, b"ada@example.org").to_hex(), expected);
    }

    #[test]
    fn equal_values_under_two_salts_look_unrelated() {
        let entropy = SeededEntropy::new(71);
        let (left, right) = (Salt::random(&entropy), Salt::random(&entropy));
        assert_ne!(Commitment::new(&left, b"203.0.113.7"), Commitment::new(&right, b"203.0.113.7"));
        assert_hidden(&left, left.as_bytes());
        assert!(Salt::from_slice(&[0; 15]).is_none());
    }

    proptest! {
        #[test]
        fn a_commitment_matches_its_own_value_only(value in ".{0,40}", other in ".{0,40}", seed: u64) {
            let salt = Salt::random(&SeededEntropy::new(seed));
            let commitment = Commitment::from_hex(&Commitment::new(&salt, value.as_bytes()).to_hex()).unwrap();
            prop_assert!(commitment.matches(&salt, value.as_bytes()));
            prop_assert_eq!(commitment.matches(&salt, other.as_bytes()), value == other);
        }

        #[test]
        fn one_spelling_only(text in "[0-9a-fA-F]{60,68}") {
            let read = Commitment::from_hex(&text);
            prop_assert_eq!(read.is_some(), text.len() == 64 && text == text.to_lowercase());
            prop_assert!(read.is_none_or(|read| read.to_hex() == text));
        }
    }
}
