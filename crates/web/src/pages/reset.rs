//! The way back for whoever forgot their password: a letter is asked for, and its link sets another one.

mod ask;
mod forgot;
mod set;
mod show;

use std::{convert::Infallible, str::FromStr};

use axum::response::{IntoResponse, Response};
use bailiwick_domain::rule::{Rule, SignIn};
use bailiwick_ops::passwords::reset::{self, Forgotten};
use bailiwick_store::{Permit, Store};
use bailiwick_vault::token::PasswordResetToken;

pub(crate) use ask::ask_later;

use crate::{
    error::{DeadLink, Error, Result},
    pages::sign_in::Standing,
    routes::Routes,
    shell::SeeOther,
};

#[cfg(test)]
pub(super) use ask::letter;

pub(crate) fn routes() -> Routes {
    Routes::new()
        .get("/reset", forgot::forgot)
        .post("/reset", ask::ask)
        .get("/reset/{token}", show::show)
        .post("/reset/{token}", set::set)
}

/// The token of a link, if it can be one. What cannot gets the same answer as what does not work.
pub(crate) struct Link(Option<PasswordResetToken>);

impl Link {
    pub(crate) fn of(text: &str) -> Self {
        Self(PasswordResetToken::parse(text).ok())
    }
}

impl FromStr for Link {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::of(text))
    }
}

/// One answer, whatever is wrong with the link.
const DEAD: Error = Error::DeadLink(DeadLink::Reset(reset::DEAD));

/// Why the operation refused, where the link is to blame for it said as everywhere else.
pub(crate) fn refused(error: bailiwick_ops::Error) -> Error {
    match error {
        bailiwick_ops::Error::Conflict(reset::DEAD) => DEAD,
        other => other.into(),
    }
}

/// Leads away whoever has come further than the password already.
fn elsewhere<R: Rule>(permit: &Permit<R>) -> Option<Response> {
    match Standing::of(permit) {
        Standing::Nobody => None,
        Standing::CodeMissing => Some(SeeOther::to("/sign-in/code").into_response()),
        Standing::SignedIn => Some(SeeOther::to("/account/password").into_response()),
    }
}

/// Whose password the link replaces, without using it. That a link was tried which does not work any more is recorded.
pub(crate) async fn forgotten(
    store: &Store,
    permit: &Permit<SignIn>,
    link: Link,
) -> Result<(PasswordResetToken, Forgotten)> {
    if Standing::of(permit) != Standing::Nobody {
        // Otherwise the password of one person would be recorded as replaced by another.
        return Err(Error::SignedIn);
    }
    let Some(token) = link.0 else { return Err(DEAD) };
    match reset::look(store, permit, &token).await? {
        Some(who) => Ok((token, who)),
        None => Err(refused(reset::refuse(store, permit, &token).await?)),
    }
}
