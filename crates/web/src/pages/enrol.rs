//! The one-time link with which a first user sets a password, and the second factor that has to be set up at sign-in.

mod factor;
mod passkey;
mod set;
mod show;

use std::str::FromStr;

use bailiwick_domain::rule::SignIn;
use bailiwick_ops::enrolment::{self, Enrolled};
use bailiwick_store::{Permit, Store};
use bailiwick_vault::token::{EnrolmentToken, TokenError};

use crate::{
    error::{DeadLink, Error, Result},
    pages::sign_in::Standing,
    routes::Routes,
};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/enrol/{token}", show::show)
        .post("/enrol/{token}", set::set)
        .get("/enrol/factor", factor::show)
        .post("/enrol/factor", factor::begin)
        .post("/enrol/factor/code", factor::verify)
        .post("/enrol/factor/passkey", passkey::add)
        .post("/enrol/factor/passkey/begin", passkey::begin)
}

/// The token in the path.
#[derive(Debug)]
struct Link(EnrolmentToken);

impl FromStr for Link {
    type Err = TokenError;
    fn from_str(text: &str) -> Result<Self, TokenError> {
        EnrolmentToken::parse(text).map(Self)
    }
}

/// One answer, whatever is wrong with the link.
pub(crate) const DEAD: Error = Error::DeadLink(DeadLink::Enrolment(enrolment::DEAD));

/// Why the operation refused, where the link is to blame for it said as everywhere else.
pub(crate) fn refused(error: bailiwick_ops::Error) -> Error {
    match error {
        bailiwick_ops::Error::Conflict(enrolment::DEAD) => DEAD,
        other => other.into(),
    }
}

/// Whom the link enrols, without using it. That a link was tried which does not work any more is recorded.
///
/// # Errors
/// [`Error::DeadLink`] for a link that does not work, whatever is wrong with it; [`Error::SignedIn`] where somebody is signed
/// in already.
pub(crate) async fn enrolled(
    store: &Store,
    permit: &Permit<SignIn>,
    token: &EnrolmentToken,
) -> Result<Enrolled> {
    if Standing::of(permit) != Standing::Nobody {
        // Otherwise the password of one person would be recorded as set by another.
        return Err(Error::SignedIn);
    }
    match enrolment::look(store, permit, token).await? {
        Some(who) => Ok(who),
        None => Err(refused(enrolment::refuse(store, permit, token).await?)),
    }
}
