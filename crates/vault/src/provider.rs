//! Where the root key lives.
//!
//! [`FileProvider`] reads it from a file. With [`ManagedProvider`] it stays inside a key management service or a hardware
//! module, a [`Holder`], and never enters this process.

#[cfg(feature = "awskms")]
mod awskms;
mod credential;
mod file;
mod format;
mod holder;
mod http;
mod managed;
#[cfg(feature = "pkcs11")]
mod pkcs11;
#[cfg(test)]
mod suite;
mod transit;

use std::fmt;
use std::pin::Pin;

#[cfg(feature = "awskms")]
pub use awskms::AwsKmsSettings;
pub use credential::Credential;
pub use file::{FileProvider, RootKeyError};
pub use holder::{BadHolder, Holder, Trouble};
pub use http::ServiceUrl;
pub use managed::{ManagedError, ManagedProvider};
#[cfg(feature = "pkcs11")]
pub use pkcs11::Pkcs11Settings;
use subtle::ConstantTimeEq;
pub use transit::TransitSettings;

use crate::secret::KeyBytes;

/// What a provider's methods return; boxed so that providers can be held as `dyn KeyProvider`.
pub type ProviderFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// Holder of a root key: wraps and unwraps other keys and never gives its own bytes away.
///
/// `context` is authenticated, not stored: unwrapping under another context than the one wrapped under fails.
/// Key bytes cannot be read outside this crate, so every implementation lives in it.
pub trait KeyProvider: Send + Sync + fmt::Debug {
    /// What kind of place holds the root key.
    fn kind(&self) -> ProviderKind;

    /// A public name of the root key, different for every root key. Stored beside what it wrapped.
    fn key_id(&self) -> &KeyId;

    /// Encrypts `key` under the root key. Two calls give different bytes.
    fn wrap_key<'a>(&'a self, key: &'a KeyBytes, context: &'a [u8]) -> ProviderFuture<'a, Vec<u8>>;

    /// Decrypts what [`wrap_key`](Self::wrap_key) gave for the same `context`.
    ///
    /// # Errors
    /// [`ProviderError::Rejected`] when the bytes, the context or the root key are not the ones wrapped with;
    /// [`ProviderError::Unavailable`] when nobody can tell at present.
    fn unwrap_key<'a>(&'a self, wrapped: &'a [u8], context: &'a [u8]) -> ProviderFuture<'a, KeyBytes>;

    /// A key that depends on the root key and `purpose` alone, the same at every call.
    ///
    /// Changing the root key changes it, unless the new one [succeeds](ManagedProvider::succeed) the old one: whatever was
    /// tagged with it has to be tagged anew then.
    fn derive_key<'a>(&'a self, purpose: &'a [u8]) -> ProviderFuture<'a, KeyBytes>;

    /// What [`derive_key`](Self::derive_key) derives from, for the provider that succeeds this one.
    fn derivation_secret(&self) -> &KeyBytes;

    /// Whether the root key can be used now; nothing is wrapped or kept.
    ///
    /// # Errors
    /// [`ProviderError::Unavailable`] where its holder does not answer or does not let this server use it,
    /// [`ProviderError::Rejected`] where it holds another key by that name.
    fn check(&self) -> ProviderFuture<'_, ()>;
}

/// Whether keys that follow from one root key follow from the other as well, so that what was tagged by one is found by the other.
#[must_use]
pub fn derive_alike(one: &dyn KeyProvider, other: &dyn KeyProvider) -> bool {
    one.derivation_secret().ct_eq(other.derivation_secret()).into()
}

/// The kinds of root key holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// A file that the server reads.
    File,
    /// The secrets engine `transit` of OpenBao or Vault.
    Transit,
    /// The key management service of AWS.
    AwsKms,
    /// A hardware security module, or what speaks like one.
    Pkcs11,
}

impl ProviderKind {
    /// Whether a key management service or hardware module holds the root key, so that it never enters this
    /// process.
    #[must_use]
    pub const fn is_managed(self) -> bool {
        match self {
            Self::File => false,
            Self::Transit | Self::AwsKms | Self::Pkcs11 => true,
        }
    }

    /// The name used in configuration, and at the beginning of the names of its keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Transit => "transit",
            Self::AwsKms => "awskms",
            Self::Pkcs11 => "pkcs11",
        }
    }
}

/// The public name of a root key: 1 to 256 visible ASCII characters, such as `file:` and 32 hexadecimal
/// digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Reads a name back from where it was stored; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a provider did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The wrapped key, its context or the root key is not the one it was wrapped with.
    #[error("the wrapped key was altered, moved, or wrapped by another root key than {0}")]
    Rejected(KeyId),
    /// The cryptographic library refused; never expected in practice.
    #[error("the cryptographic library refused to work with root key {0}")]
    Cipher(KeyId),
    /// The holder of the root key did not do it, and said nothing of what was asked: it may be tried again. Nothing else is
    /// ever used in its place.
    #[error("root key {0} cannot be used: {1}")]
    Unavailable(KeyId, Trouble),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_sees_a_file_as_not_managed() {
        assert!(!ProviderKind::File.is_managed());
        assert_eq!(ProviderKind::File.name(), "file");
        for kind in [ProviderKind::Transit, ProviderKind::AwsKms, ProviderKind::Pkcs11] {
            assert!(kind.is_managed() && !kind.name().contains(':'));
        }
    }

    #[test]
    fn a_key_id_is_short_visible_ascii() {
        assert!(KeyId::parse("file:00ff").is_some());
        for bad in ["", "two words", "line\nbreak", "café", &"x".repeat(257)] {
            assert!(KeyId::parse(bad).is_none(), "{bad:?}");
        }
    }
}
