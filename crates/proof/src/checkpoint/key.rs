//! The public key that checks a note: C2SP signed-note, signature type Ed25519.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

/// The signature type octet of plain Ed25519.
pub(super) const ED25519: u8 = 0x01;

/// A named Ed25519 public key, written `name+key id+base64(0x01 ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey(NamedKey<ED25519>);

/// Why a text or a public key is not a verifier key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `name+id+key`.
    #[error("a verifier key is a name, eight hexadecimal digits and a base64 key, joined by plus signs")]
    Format,
    /// A name that is empty or holds white space, a control character or a plus sign.
    #[error("a key name holds no white space, no control characters and no plus sign")]
    Name,
    /// A signature type other than the one that is asked for.
    #[error("the key is not an Ed25519 key for this kind of signature")]
    Type,
    /// Octets that are no point of the curve, or one of small order that would accept forged signatures.
    #[error("the key is not a usable Ed25519 public key")]
    Point,
    /// The id does not belong to name and key.
    #[error("the key id does not belong to this name and key")]
    Id,
}

impl VerifierKey {
    /// Names a public key, 32 octets as in RFC 8032.
    ///
    /// # Errors
    /// A name that a note cannot carry, or octets that are not a usable key.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        NamedKey::new(name, public_key).map(Self)
    }

    /// The key's name, as signature lines carry it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The key id: the first four octets of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key)`.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.0.id()
    }

    /// The public key, 32 octets as in RFC 8032.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.0.public_key()
    }

    /// Whether `signature` is this key's signature of `message`.
    ///
    /// Strict: of the encodings that RFC 8032 leaves open only one passes, so a signature cannot be varied.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.signed(message, signature)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self)
    }
}

/// A public key under a name, for signatures of the type `KIND`: what the keys of logs and of witnesses have in common, which
/// are types of their own so that none passes for the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedKey<const KIND: u8> {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl<const KIND: u8> NamedKey<KIND> {
    pub(super) fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name);
        }
        let key = point(public_key)?;
        Ok(Self { name: name.to_owned(), id: key_id(name, KIND, public_key), key })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn id(&self) -> [u8; 4] {
        self.id
    }

    pub(super) fn public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl<const KIND: u8> fmt::Display for NamedKey<KIND> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[KIND], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), STANDARD.encode(typed))
    }
}

impl<const KIND: u8> FromStr for NamedKey<KIND> {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, octets) = read_key(text, KIND)?;
        let key = Self::new(name, &octets)?;
        if hex::encode(key.id) == id { Ok(key) } else { Err(KeyError::Id) }
    }
}

/// The public key of these octets.
///
/// # Errors
/// Octets that are no point of the curve, or one of small order.
fn point(public_key: &[u8; 32]) -> Result<VerifyingKey, KeyError> {
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| KeyError::Point)?;
    if key.is_weak() { Err(KeyError::Point) } else { Ok(key) }
}

/// The id of an Ed25519 key of this name for signatures of type `kind`: the first four octets of
/// `SHA-256(name ‖ 0x0A ‖ kind ‖ key)`.
pub(super) fn key_id(name: &str, kind: u8, public_key: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(name.as_bytes());
    hasher.update([b'\n', kind]);
    hasher.update(public_key);
    let digest: [u8; 32] = hasher.finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// Takes `name+id+base64(kind ‖ key)` apart: name, id and key, none of them checked.
fn read_key(text: &str, kind: u8) -> Result<(&str, &str, [u8; 32]), KeyError> {
    // Base64 has plus signs of its own; the name and the id have none.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyError::Format);
    };
    let typed = STANDARD.decode(key).map_err(|_| KeyError::Format)?;
    let (found, octets) = typed.split_first().ok_or(KeyError::Format)?;
    if *found != kind {
        return Err(KeyError::Type);
    }
    Ok((name, id, octets.try_into().map_err(|_| KeyError::Format)?))
}

/// Whether a note can carry this key name.
pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(|character: char| {
            character.is_whitespace() || character.is_control() || character == '+'
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// The example key in the documentation of Go's `sumdb/note`.
    const PUBLISHED: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_published_key_reads_and_writes() {
        let key: VerifierKey = PUBLISHED.parse().unwrap();
        assert_eq!(key.name(), "PeterNeumann");
        assert_eq!(key.id(), [0xc7, 0x4f, 0x20, 0xa3]);
        assert_eq!(key.to_string(), PUBLISHED);
    }

    #[test]
    fn malformed_keys_are_refused() {
        for (text, error) in [
            ("", KeyError::Format),
            ("PeterNeumann+c74f20a3", KeyError::Format),
            ("PeterNeumann+c74f20a3+AR", KeyError::Format),
            ("PeterNeumann+c74f20a3+ARpc", KeyError::Format),
            ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
            ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
            ("PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Type),
            ("weak+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyError::Point),
        ] {
            assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
        }
    }
}
