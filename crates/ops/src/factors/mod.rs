//! Second factors: authenticator apps and recovery codes, set up, proven and removed by their owner.

mod enrol;
pub(crate) mod letter;
pub(crate) mod recovery_codes;
mod remind;
mod remove;
mod totp;

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState},
    ids::{FactorId, SessionId, UserId},
    rule::{ByJob, ChangeMyProofs, Rule},
};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, accounts, users};
use bailiwick_vault::totp::TotpSecret;

use crate::{Error, Result};

pub use enrol::{
    begin as enrol_begin, passkey as enrol_passkey, passkey_begin as enrol_passkey_begin,
    verify as enrol_verify, waiting as enrol_waiting, wanted as enrol_wanted,
};
pub use recovery_codes::{CODES, generate as make_recovery_codes};
pub use remind::remind;
pub use remove::{keeps, left_without, remove};
pub(crate) use remove::{take, without};
pub use totp::AT_MOST;

/// Begins setting up an authenticator app: a pending factor and its secret, to be shown once.
///
/// `name` is what the person calls it; without one it is numbered.
///
/// # Errors
/// `Conflict` for somebody with [`AT_MOST`] of them; `Invalid` for a name that is none.
pub async fn totp_begin(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    name: Option<&str>,
) -> Result<(Factor, TotpSecret)> {
    totp::begin(store, permit, me(permit)?, name).await
}

/// The secret of an authenticator of one's own that waits for its first code, to be shown again to whoever typed a wrong one;
/// nothing for one that is proven, removed or somebody else's.
///
/// # Errors
/// `Forbidden` for a key, which has no account.
pub async fn totp_waiting(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    id: FactorId,
) -> Result<Option<TotpSecret>> {
    totp::waiting(store, permit, me(permit)?, Some(id)).await
}

/// Proves a pending authenticator by one of its codes; only then does it count.
///
/// Every other session of the person ends with it: those were opened without this factor, perhaps by somebody else.
///
/// # Errors
/// `Invalid` for a wrong code. The code of a clock that is off is refused like any other, in words that say so: the person
/// was shown the secret a moment ago, so that nobody learns anything by it.
pub async fn totp_verify(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    id: FactorId,
    code: &str,
) -> Result<Factor> {
    totp::verify(store, permit, me(permit)?, id, code).await
}

/// Notes that a user's identity provider asserts multi-factor sign-in.
pub async fn sso_asserted(store: &Store, permit: &Permit<ByJob>, user: UserId) -> Result<Factor> {
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, user).await?;
            let now = tx.now();
            let factor = Factor {
                id: store.new_id(),
                user: user.id,
                kind: FactorKind::Sso,
                name: "Single sign-on".to_owned(),
                state: FactorState::Verified,
                last_step: 0,
                created_at: now,
                verified_at: Some(now),
            };
            let written = accounts::insert_factor(tx, factor.clone(), None).await?;
            let event = Event::new("mfa.asserted", &written)?;
            Ok(tx.record(event, factor))
        })
        .await
}

/// As [`totp_begin`], for a user that the server itself sets up.
pub async fn totp_begin_for(
    store: &Store,
    permit: &Permit<ByJob>,
    user: UserId,
) -> Result<(Factor, TotpSecret)> {
    totp::begin(store, permit, user, None).await
}

/// As [`totp_verify`], for a user that the server itself sets up.
pub async fn totp_verify_for(
    store: &Store,
    permit: &Permit<ByJob>,
    user: UserId,
    id: FactorId,
    code: &str,
) -> Result<Factor> {
    totp::verify(store, permit, user, id, code).await
}

/// The session that the request came with.
fn present<R: Rule>(permit: &Permit<R>) -> Option<SessionId> {
    match permit.actor() {
        Actor::User { session, .. } => Some(*session),
        _ => None,
    }
}

fn me<R: Rule>(permit: &Permit<R>) -> Result<UserId> {
    match permit.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::Forbidden("Only a signed-in person has second factors.")),
    }
}
