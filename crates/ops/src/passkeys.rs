//! Passkeys of a person: adding, naming and removing them. Signing in with one is [`crate::sign_in::passkey`], joining with
//! one [`crate::invitations::accept_with_passkey`].

mod letter;
mod manage;
mod register;

use bailiwick_domain::{
    ids::{SessionId, UserId},
    rule::Rule,
    time::Span,
};
use bailiwick_passkey::{NoDomain, Refused};
use bailiwick_store::{Actor, Permit};

use crate::{Error, Result};

pub use bailiwick_passkey::RelyingParty;
pub use manage::{remove, rename};
pub use register::{Begun, NewPasskey, begin, finish};
pub(crate) use register::{Parsed, begin_as, keep, prove};

/// Passkeys of one person at most.
pub const MOST: usize = 10;
/// How long a ceremony may take (W3C Web Authentication, §15.1, recommends at least five minutes).
pub const LASTS: Span = Span::minutes(5);

/// What a person reads whose authenticator's answer was not accepted, whatever was wrong with it.
pub(crate) const NOT_TAKEN: Error =
    Error::Conflict("The passkey was not accepted, or it took longer than five minutes. Try again.");

/// The server as authenticators know it.
///
/// # Errors
/// `Conflict` where people reach the server by an IP address, which no passkey can be bound to.
pub fn party(origin: &str) -> Result<RelyingParty> {
    RelyingParty::at(origin).map_err(|NoDomain| {
        Error::Conflict("Passkeys work where the server is reached by a name, not by an IP address.")
    })
}

/// A fault of this side, for the log.
pub(crate) fn fault(error: Refused) -> Error {
    Error::Store(bailiwick_store::Error::vault(error))
}

/// Who asks, and in which session.
fn me<R: Rule>(permit: &Permit<R>) -> Result<(UserId, SessionId)> {
    match permit.actor() {
        Actor::User { id, session, .. } => Ok((*id, *session)),
        _ => Err(Error::Forbidden("Only a signed-in person has passkeys.")),
    }
}
