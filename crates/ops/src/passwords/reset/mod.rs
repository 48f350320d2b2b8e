//! Replacing a forgotten password by a mailed link.
//!
//! A link that does not work gets one answer whatever is wrong with it. Where it was once real, that it was tried is
//! recorded in the organisation's log; where it never was, the organisation in it is only claimed.

mod ask;
mod complete;

use bailiwick_domain::{
    entity::{TenantStatus, User, UserStatus},
    ids::TenantId,
    rule::SignIn,
    time::Span,
};
use bailiwick_store::{Permit, Scope, Store, password_resets, tenants, users};
use bailiwick_vault::token::PasswordResetToken;

pub(crate) use ask::first;
pub use ask::{PER_ACCOUNT, PER_DAY, PER_SOURCE, SignInAddress, ask};
pub use complete::complete;

use crate::{Error, Result};

/// How long a link works (OWASP ASVS 5.0, 6.4.1: a short time).
pub const LASTS: Span = Span::hours(1);

/// What everybody reads whose link does not work.
pub const DEAD: &str = "This link does not work any more. Ask for another one where you sign in.";

/// Whose password a link replaces.
#[derive(Debug, Clone)]
pub struct Forgotten {
    /// The person.
    pub user: User,
    /// The organisation's name.
    pub organisation: String,
}

/// Whose password a link replaces, while it works. Looking uses nothing up.
pub async fn look(
    store: &Store,
    permit: &Permit<SignIn>,
    token: &PasswordResetToken,
) -> Result<Option<Forgotten>> {
    let mut view = store.read(&permit.enter(TenantId::from_bytes(token.tenant()))).await?;
    let Some(reset) = password_resets::by_token(&mut view, &token.hash()).await? else { return Ok(None) };
    let user = users::find(&mut view, reset.user).await?;
    let tenant = tenants::find(&mut view).await?;
    let works = reset.is_live(view.now())
        && user.status == UserStatus::Active
        && tenant.status == TenantStatus::Active;
    Ok(works.then_some(Forgotten { user, organisation: tenant.name }))
}

/// The answer to a link that does not work, recorded where the link was once real.
///
/// # Errors
/// The server's own faults.
pub async fn refuse(store: &Store, permit: &Permit<SignIn>, token: &PasswordResetToken) -> Result<Error> {
    let inside = permit.enter(TenantId::from_bytes(token.tenant()));
    let mut view = store.read(&inside).await?;
    let was_real = password_resets::by_token(&mut view, &token.hash()).await?.is_some();
    drop(view);
    if !was_real {
        return Ok(Error::Conflict(DEAD));
    }
    let refused: Result<()> = store.change(&inside, async |_| Err(Error::Conflict(DEAD))).await;
    Ok(refused.err().unwrap_or(Error::Conflict(DEAD)))
}
