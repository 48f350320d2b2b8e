//! Removing an authenticator app of one's own.

use bailiwick_domain::{
    entity::{Factor, FactorKind, FactorState, MfaFloor, Severity, User},
    ids::{FactorId, UserId},
    mfa::Held,
    rule::ChangeMyProofs,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, Written, accounts, passkeys, roles, tenants, users};

use super::{letter, me, present, recovery_codes::withdraw};
use crate::{
    Error, Result,
    sessions::{Because, end_because},
};

/// Removes an authenticator; its secret is erased with it. Every other session of the person ends, unless it was never proven.
///
/// # Errors
/// `Conflict` for the last one as long as the policy asks for a second factor, whatever is left of the grace, and for single
/// sign-on, which the identity provider asserts.
pub async fn remove(store: &Store, permit: &Permit<ChangeMyProofs>, id: FactorId) -> Result<Factor> {
    let me = me(permit)?;
    store
        .change(permit, async |tx| {
            let owner = users::lock(tx, me).await?;
            let before = accounts::lock_factor(tx, me, id).await?;
            if before.state == FactorState::Removed {
                return Err(Error::NotFound);
            }
            let left = keeps(tx, &owner, &before).await?;
            let proven = before.state == FactorState::Verified;
            let after = Factor { state: FactorState::Removed, ..before.clone() };
            let written = accounts::replace_factor(tx, before, after.clone()).await?;
            if !proven {
                let event = Event::new("factor.abandoned", &written)?;
                return Ok(tx.record(event, after));
            }
            if left < Held::Own
                && let Some(event) = withdraw(tx, me).await?
            {
                tx.also(event);
            }
            end_because(tx, me, present(permit), Because::FactorRemoved).await?;
            letter::written(store, tx, &owner, &after, false).await?;
            let event = Event::new("mfa.disabled", &written)?
                .raising(Severity::Warning, format!("{} removed a TOTP factor", owner.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}

/// A factor that was taken from somebody; what becomes of its records is for the change to say.
pub(crate) struct Taken {
    /// The record of its passkey, if it is one.
    pub(crate) passkey: Option<Event>,
    pub(crate) factor: Written<Factor>,
}

/// Takes a factor of whichever kind from a locked user, whatever it leaves them. Nothing where they removed it in the meantime.
pub(crate) async fn take(tx: &mut Tx, user: UserId, id: FactorId) -> Result<Option<Taken>> {
    let factor = accounts::lock_factor(tx, user, id).await?;
    if factor.state == FactorState::Removed {
        return Ok(None);
    }
    let passkey = if factor.kind == FactorKind::Passkey {
        let passkey = passkeys::lock(tx, user, id).await?;
        Some(Event::new("passkey.removed", &passkeys::remove(tx, passkey).await?)?)
    } else {
        None
    };
    Ok(Some(Taken { passkey, factor: accounts::remove_factor(tx, factor).await? }))
}

/// What the person has left without the factor.
///
/// # Errors
/// As [`remove`].
pub async fn keeps(scope: &mut impl Scope, owner: &User, factor: &Factor) -> Result<Held> {
    if factor.kind != FactorKind::Totp {
        return Err(Error::Conflict("This factor is not removed here."));
    }
    without(scope, owner, factor.id).await
}

/// What the person has left without a factor of whichever kind.
///
/// # Errors
/// `Conflict` where they had what is asked of them, and would have it no more.
pub(crate) async fn without(scope: &mut impl Scope, owner: &User, factor: FactorId) -> Result<Held> {
    let factors = accounts::factors(scope, owner.id).await?;
    let roles = roles::of_user(scope, owner).await?;
    let asked = tenants::policy(scope).await?.asked(&roles).level();
    left_without(&factors, asked, factor).ok_or(Error::Conflict(
        "Your organisation asks for a second factor. Add another one before you remove this one.",
    ))
}

/// What is left of somebody's factors without one of them; nothing where they had what is asked of them, and would have it no
/// more.
#[must_use]
pub fn left_without(factors: &[Factor], asked: MfaFloor, gone: FactorId) -> Option<Held> {
    let (now, left) = (Held::of(factors), Held::of(factors.iter().filter(|other| other.id != gone)));
    // Whoever lacks something already loses nothing by removing what was not enough for it.
    let mut levels = [MfaFloor::Mfa, MfaFloor::Passkey].into_iter().filter(|level| *level <= asked);
    let loses = levels.any(|level| now.meets(level) && !left.meets(level));
    (!loses).then_some(left)
}
