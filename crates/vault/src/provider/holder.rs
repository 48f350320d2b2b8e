//! What every holder of root keys outside this process can do, and how it may fail.

use std::fmt;
use std::pin::Pin;

use super::{KeyId, ProviderKind};
use crate::secret::KeyBytes;

/// A key management service or hardware module, with the key in it that is to be used; not asked anything yet.
#[derive(Debug)]
pub struct Holder(pub(super) Box<dyn Holds>);

impl Holder {
    /// What kind of place it is.
    #[must_use]
    pub fn kind(&self) -> ProviderKind {
        self.0.kind()
    }

    /// Where it is and which key is meant, for people: without credentials.
    #[must_use]
    pub fn place(&self) -> String {
        self.0.place()
    }
}

/// What a holder's methods return.
pub(super) type Holding<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Encrypts and decrypts keys without ever giving away the one that it does so with.
pub(super) trait Holds: Send + Sync + fmt::Debug {
    /// What kind of place it is.
    fn kind(&self) -> ProviderKind;

    /// Where it is and which key is meant, for people: without credentials.
    fn place(&self) -> String;

    /// The full name of the key that would be used now, after looking whether it is fit to be a root key.
    fn name(&self) -> Holding<'_, KeyId>;

    /// Whether a key of this full name is, or was, the one that the settings mean.
    fn means(&self, id: &KeyId) -> bool;

    /// Encrypts `key` by the key of this very name, bound to `context`.
    fn encrypt<'a>(&'a self, id: &'a KeyId, key: &'a KeyBytes, context: &'a [u8; 32])
    -> Holding<'a, Vec<u8>>;

    /// Decrypts what [`encrypt`](Self::encrypt) gave for the same name and context.
    fn decrypt<'a>(&'a self, id: &'a KeyId, sealed: &'a [u8], context: &'a [u8; 32])
    -> Holding<'a, KeyBytes>;
}

/// Why a holder did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It looked, and what it was given was not encrypted by this key for this context.
    Rejected,
    /// Anything that says nothing about what it was given.
    Trouble(Trouble),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Why a holder cannot be used at present: a class, without a word of what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers there, or no such library can be loaded.
    #[error("it cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("it did not answer in time")]
    Silent,
    /// TLS does not hold: another name, or an authority that is not trusted.
    #[error("its certificate is not trusted, or it does not speak TLS")]
    Tls,
    /// It has too much to do, is sealed or is starting.
    #[error("it is too busy, sealed, or not ready")]
    Busy,
    /// It does not know the credential, or the credential may not do this.
    #[error("it does not let this server use the key")]
    Denied,
    /// It has no such key.
    #[error("it has no such key")]
    Absent,
    /// The key is there, and somebody disabled it, retired it, or is about to delete it.
    #[error("the key was disabled there")]
    Disabled,
    /// The key is of a kind that is no root key.
    #[error("the key there is none that may be a root key: {0}")]
    Unfit(&'static str),
    /// The token, secret or PIN cannot be read from its file.
    #[error("its credential cannot be read")]
    Credential,
    /// It refused for a reason of its own, or its answer was not understood.
    #[error("it answered what was not expected")]
    Unexpected,
}

impl Trouble {
    /// Whether it may be over in a moment, so that asking again at once is worth it.
    pub(super) const fn is_passing(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy)
    }
}

/// Why settings could never lead to a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHolder {
    /// Neither https, nor http on this machine, or more than scheme, host and port.
    #[error("not an address of https, or of http on this machine, without user, path and query")]
    Address,
    /// A mount, namespace or key that cannot be one.
    #[error("a name holds what none may hold")]
    Name,
    /// The authorities are no certificates.
    #[error("the authorities are not certificates in PEM")]
    Authorities,
    /// The TLS library cannot be used.
    #[error("TLS cannot be set up")]
    Tls,
}
