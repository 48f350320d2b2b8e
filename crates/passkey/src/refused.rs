//! Why there is no ceremony, or why an answer proves nothing.

/// Why an answer proves nothing. Nobody outside is told which it was.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("not an answer of an authenticator")]
    Unreadable,
    /// Another challenge, origin or credential, a signature that does not fit, or a user who was not verified.
    #[error("the answer proves nothing")]
    Wrong,
    /// Right in everything, but the counter did not go forwards: a copy of the authenticator may exist (§6.1.1).
    #[error("the counter of the authenticator went backwards")]
    Cloned,
    /// What was kept cannot be read back, or no challenge can be made: a fault of this side.
    #[error("the ceremony cannot be held")]
    Fault,
}

/// The server is reached by an address without a domain, which no passkey can be bound to (§5.1.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("passkeys need a server that is reached by a name")]
pub struct NoDomain;
