//! Answering an invitation by its link.

mod accept;
mod decline;
mod passkey;
mod show;

use std::str::FromStr;

use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations::{self, Invited};
use bailiwick_store::{Permit, Store};
use bailiwick_vault::token::{InvitationToken, TokenError};

use crate::{
    error::{DeadLink, Error, Result},
    pages::sign_in::Standing,
    routes::Routes,
};

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/join/{token}", show::show)
        .post("/join/{token}", accept::accept)
        .post("/join/{token}/passkey", passkey::accept)
        .post("/join/{token}/passkey/begin", passkey::begin)
        .get("/join/{token}/decline", decline::ask)
        .post("/join/{token}/decline", decline::decline)
}

/// One answer, whatever is wrong with the link.
pub(crate) const DEAD: Error = Error::DeadLink(DeadLink::Invitation(invitations::DEAD));

/// Why the operation refused, where the link is to blame for it said as everywhere else.
pub(crate) fn refused(error: bailiwick_ops::Error) -> Error {
    match error {
        bailiwick_ops::Error::Conflict(invitations::DEAD) => DEAD,
        other => other.into(),
    }
}

/// The token in the path.
#[derive(Debug)]
struct Link(InvitationToken);

impl FromStr for Link {
    type Err = TokenError;
    fn from_str(text: &str) -> Result<Self, TokenError> {
        InvitationToken::parse(text).map(Self)
    }
}

/// Refuses whoever is signed in already: otherwise one person would join while another is signed in.
pub(crate) fn signed_out(permit: &Permit<SignIn>) -> Result<()> {
    if Standing::of(permit) == Standing::Nobody { Ok(()) } else { Err(Error::SignedIn) }
}

/// What the link leads to, without using it. That a link was tried which does not work any more is recorded.
pub(crate) async fn invited(
    store: &Store,
    permit: &Permit<SignIn>,
    token: &InvitationToken,
) -> Result<Invited> {
    signed_out(permit)?;
    match invitations::look(store, permit, token).await? {
        Some(invited) => Ok(invited),
        None => Err(refused(invitations::refuse(store, permit, token).await?)),
    }
}
