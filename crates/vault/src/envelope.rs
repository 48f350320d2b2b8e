//! Envelope encryption of stored values.
//!
//! Every object is sealed with AES-256-GCM under a random data key of its own, which is used once, wrapped by
//! the tenant key (XAES-256-GCM) and stored in front of the ciphertext. Both layers authenticate the whole
//! [`Context`], so a ciphertext opens only at the tenant, table, row, column and version it was sealed for.
//!
//! ```text
//! offset  bytes
//!      0      1  format, 1
//!      1      4  version of the tenant key, big-endian
//!      5     24  nonce of the wrapped data key
//!     29     48  wrapped data key and its tag
//!     77     12  nonce of the object
//!     89    n+16  ciphertext and its tag
//! ```

use crate::aead::{self, EXTENDED_NONCE, NONCE, Refused, TAG};
use crate::entropy::Entropy;
use crate::keyring::{TenantKey, TenantKeys};
use crate::secret::{KeyBytes, Plaintext};
use crate::transcript::Transcript;

/// The longest value that is sealed in one piece, in bytes. Documents are sealed in frames, not through here.
pub const LONGEST: usize = 1 << 20;

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 4;
const WRAPPED: usize = EXTENDED_NONCE + 32 + TAG;
const OVERHEAD: usize = HEADER + WRAPPED + NONCE + TAG;

/// Where a value is stored: the place a ciphertext is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The tenant.
    pub tenant: [u8; 16],
    /// The table, by name.
    pub table: &'a str,
    /// The primary key of the row, without the tenant.
    pub row: &'a [u8],
    /// The column, by name.
    pub column: &'a str,
    /// The version of the value; raising it makes earlier ciphertexts of the same cell unusable as current
    /// ones.
    pub version: u64,
}

impl Context<'_> {
    pub(crate) fn transcript(&self, label: &str) -> Transcript {
        Transcript::new(label)
            .field(&self.tenant)
            .field(self.table.as_bytes())
            .field(self.row)
            .field(self.column.as_bytes())
            .field(&self.version.to_be_bytes())
    }

    fn data_aad(&self) -> Vec<u8> {
        self.transcript("bailiwick envelope data v1").finish()
    }

    fn key_aad(&self, key_version: u32) -> Vec<u8> {
        self.transcript("bailiwick envelope key v1").field(&key_version.to_be_bytes()).finish()
    }
}

/// A sealed value whose outer form is known to be right; its content is not authenticated before [`open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Reads a sealed value back from where it was stored.
    ///
    /// # Errors
    /// [`OpenError::Format`] for another format, [`OpenError::Truncated`] when it is shorter than any sealed
    /// value, [`OpenError::TooLong`] when longer.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, OpenError> {
        if let Some(format) = bytes.first().filter(|format| **format != FORMAT) {
            return Err(OpenError::Format(*format));
        }
        match bytes.len() {
            length if length < OVERHEAD => Err(OpenError::Truncated),
            length if length > OVERHEAD + LONGEST => Err(OpenError::TooLong),
            _ => Ok(Self(bytes)),
        }
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The version of the tenant key that wrapped the data key: what a rotation counts its progress by.
    #[must_use]
    pub fn key_version(&self) -> u32 {
        let version = self.0.get(1..HEADER).and_then(|bytes| bytes.try_into().ok());
        version.map_or(0, u32::from_be_bytes)
    }
}

/// Seals `plaintext` for `context` under a new data key.
///
/// # Errors
/// [`SealError::WrongTenant`] when the key is another tenant's, [`SealError::TooLong`] above [`LONGEST`].
pub fn seal(
    key: &TenantKey,
    context: &Context<'_>,
    plaintext: &[u8],
    entropy: &dyn Entropy,
) -> Result<Sealed, SealError> {
    if *key.tenant() != context.tenant {
        return Err(SealError::WrongTenant);
    }
    if plaintext.len() > LONGEST {
        return Err(SealError::TooLong);
    }
    let data_key = KeyBytes::random(entropy);
    let mut out = Vec::with_capacity(OVERHEAD + plaintext.len());
    wrap_data_key(key, context, &data_key, entropy, &mut out)?;
    aead::seal_once(&data_key, entropy, &context.data_aad(), plaintext, &mut out)?;
    Ok(Sealed(out))
}

/// Opens a sealed value at `context`, with whichever version of the tenant key wrapped it.
///
/// # Errors
/// [`OpenError::WrongTenant`] and [`OpenError::KeyVersion`] before any decryption, [`OpenError::Rejected`]
/// when one bit of the ciphertext or of the context differs. No part of the plaintext is given out then.
pub fn open(keys: &TenantKeys, context: &Context<'_>, sealed: &Sealed) -> Result<Plaintext, OpenError> {
    let (data_key, object) = unwrap_data_key(keys, context, sealed)?;
    let plaintext = aead::open_once(&data_key, &context.data_aad(), object)?;
    Ok(Plaintext::new(plaintext))
}

/// Wraps the data key by the newest tenant key and leaves the object itself as it is: one step of a key
/// rotation.
///
/// The object is opened on the way, so that a damaged one is found here and not at its next use.
///
/// # Errors
/// As [`open`] and [`seal`].
pub fn rewrap(
    keys: &TenantKeys,
    context: &Context<'_>,
    sealed: &Sealed,
    entropy: &dyn Entropy,
) -> Result<Sealed, RewrapError> {
    let (data_key, object) = unwrap_data_key(keys, context, sealed)?;
    drop(aead::open_once(&data_key, &context.data_aad(), object).map_err(OpenError::from)?);
    let mut out = Vec::with_capacity(sealed.0.len());
    wrap_data_key(keys.newest(), context, &data_key, entropy, &mut out)?;
    out.extend_from_slice(object);
    Ok(Sealed(out))
}

fn wrap_data_key(
    key: &TenantKey,
    context: &Context<'_>,
    data_key: &KeyBytes,
    entropy: &dyn Entropy,
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    out.push(FORMAT);
    out.extend_from_slice(&key.version().to_be_bytes());
    aead::seal(key.bytes(), entropy, &context.key_aad(key.version()), data_key.expose(), out)
}

fn unwrap_data_key<'a>(
    keys: &TenantKeys,
    context: &Context<'_>,
    sealed: &'a Sealed,
) -> Result<(KeyBytes, &'a [u8]), OpenError> {
    if *keys.tenant() != context.tenant {
        return Err(OpenError::WrongTenant);
    }
    let version = sealed.key_version();
    let key = keys.version(version).ok_or(OpenError::KeyVersion(version))?;
    let body = sealed.0.get(HEADER..).ok_or(OpenError::Truncated)?;
    let (wrapped, object) = body.split_at_checked(WRAPPED).ok_or(OpenError::Truncated)?;
    let data_key = aead::open(key.bytes(), &context.key_aad(version), wrapped)?;
    Ok((KeyBytes::copy_from(&data_key).ok_or(OpenError::Rejected)?, object))
}

/// Why a value was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key belongs to another tenant than the context.
    #[error("the key belongs to another tenant")]
    WrongTenant,
    /// The value is longer than [`LONGEST`].
    #[error("the value is too long to be sealed in one piece")]
    TooLong,
    /// The cryptographic library refused; never expected in practice.
    #[error("the cryptographic library refused to seal")]
    Cipher,
}

impl From<Refused> for SealError {
    fn from(Refused: Refused) -> Self {
        Self::Cipher
    }
}

/// Why a sealed value was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The first byte names a format that this program does not know.
    #[error("sealed value of unknown format {0}")]
    Format(u8),
    /// Shorter than any sealed value.
    #[error("sealed value is cut short")]
    Truncated,
    /// Longer than any sealed value.
    #[error("sealed value is too long")]
    TooLong,
    /// The keys belong to another tenant than the context.
    #[error("the keys belong to another tenant")]
    WrongTenant,
    /// Sealed under a version of the tenant key that is not at hand: newer than the cache, or destroyed.
    #[error("sealed under version {0} of the tenant key, which is not at hand")]
    KeyVersion(u32),
    /// Altered, moved from another place, or sealed under another key; nothing tells which.
    #[error("sealed value was altered, moved, or sealed under another key")]
    Rejected,
}

impl From<Refused> for OpenError {
    fn from(Refused: Refused) -> Self {
        Self::Rejected
    }
}

/// Why a sealed value was not wrapped anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewrapError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl From<Refused> for RewrapError {
    fn from(refused: Refused) -> Self {
        Self::Seal(refused.into())
    }
}

#[cfg(test)]
mod tests;
