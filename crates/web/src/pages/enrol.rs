//! The one-time link with which a first user sets a password.

mod set;
mod show;

use std::str::FromStr;

use bailiwick_domain::{
    entity::{Tenant, User},
    ids::TenantId,
    rule::SignIn,
};
use bailiwick_ops::enrolment;
use bailiwick_store::{Permit, Store, accounts, tenants, users};
use bailiwick_vault::token::{EnrolmentToken, TokenError};

use crate::{
    error::{Error, Result},
    pages::sign_in::Standing,
    routes::Routes,
};

pub(crate) fn routes() -> Routes {
    Routes::new().get("/enrol/{token}", show::show).post("/enrol/{token}", set::set)
}

const DEAD: Error = Error::Conflict("This link does not work any more. Ask whoever sent it for another one.");
/// Otherwise the password of one person would be recorded as set by another.
const SIGNED_IN: Error =
    Error::Conflict("This browser is signed in. Sign out first, then open the link again.");

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
/// The same conflict for a link that was used, has lapsed or never existed.
async fn enrolled(store: &Store, permit: &Permit<SignIn>, token: &EnrolmentToken) -> Result<Enrolled> {
    if Standing::of(permit) != Standing::Nobody {
        return Err(SIGNED_IN);
    }
    if !enrolment::usable(store, permit, token).await? {
        return Err(DEAD);
    }
    let permit = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&permit).await?;
    let enrolment = accounts::enrolment(&mut view, &token.hash()).await?;
    let user = users::find(&mut view, enrolment.user).await?;
    Ok(Enrolled { user, tenant: tenants::find(&mut view).await? })
}
