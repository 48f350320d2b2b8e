//! The one-time link with which a first user sets a password, and the second factor that has to be set up at sign-in.

mod factor;
mod passkey;
mod set;
mod show;

use std::str::FromStr;

use bailiwick_domain::{
    entity::{Tenant, User},
    ids::TenantId,
    rule::SignIn,
};
use bailiwick_store::{Error as StoreError, Permit, Scope, Store, accounts, tenants, users};
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

/// Whom a link enrols.
struct Enrolled {
    user: User,
    tenant: Tenant,
}

/// Whom the link enrols, without using it.
///
/// # Errors
/// [`Error::DeadLink`] says whether the link was used, has lapsed or never existed; [`Error::SignedIn`] that somebody is
/// signed in already.
async fn enrolled(store: &Store, permit: &Permit<SignIn>, token: &EnrolmentToken) -> Result<Enrolled> {
    if Standing::of(permit) != Standing::Nobody {
        // Otherwise the password of one person would be recorded as set by another.
        return Err(Error::SignedIn);
    }
    let permit = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&permit).await?;
    let enrolment = match accounts::enrolment(&mut view, &token.hash()).await {
        Ok(enrolment) if enrolment.used_at.is_some() => return Err(Error::DeadLink(DeadLink::Used)),
        Ok(enrolment) if view.now() >= enrolment.expires_at => {
            return Err(Error::DeadLink(DeadLink::Expired));
        }
        Ok(enrolment) => enrolment,
        Err(StoreError::NotFound) => return Err(Error::DeadLink(DeadLink::Unknown)),
        Err(error) => return Err(error.into()),
    };
    let user = users::find(&mut view, enrolment.user).await?;
    Ok(Enrolled { user, tenant: tenants::find(&mut view).await? })
}
