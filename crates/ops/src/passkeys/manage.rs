//! Naming and removing passkeys.

use bailiwick_domain::{
    entity::{Factor, FactorState, Passkey, Severity},
    ids::FactorId,
    mfa::Held,
    rule::ChangeMyProofs,
};
use bailiwick_store::{Event, Permit, Store, accounts, passkeys, users};

use super::{letter, me};
use crate::{
    Error, Result, factors,
    sessions::{Because, end_because},
    valid,
};

/// Gives a passkey of one's own another name.
pub async fn rename(
    store: &Store,
    permit: &Permit<ChangeMyProofs>,
    id: FactorId,
    name: &str,
) -> Result<Passkey> {
    let (user, _) = me(permit)?;
    let name = valid::name(name).map_err(|text| Error::field("name", text))?;
    store
        .change(permit, async |tx| {
            let before = passkeys::lock(tx, user, id).await?;
            if before.name == name {
                return Err(Error::Conflict("The passkey has this name already."));
            }
            let after = Passkey { name, ..before.clone() };
            let written = passkeys::replace(tx, before, after.clone()).await?;
            let event = Event::new("passkey.renamed", &written)?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Removes a passkey of one's own. Its owner is told, and every other session of theirs ends.
///
/// # Errors
/// `Conflict` for the last way to sign in, and for what the policy asks for, whatever is left of the grace.
pub async fn remove(store: &Store, permit: &Permit<ChangeMyProofs>, id: FactorId) -> Result<()> {
    let (user, session) = me(permit)?;
    store
        .change(permit, async |tx| {
            // The user first, so that of two removals at once the second sees what the first has left.
            let owner = users::lock(tx, user).await?;
            let before = passkeys::lock(tx, user, id).await?;
            let others = passkeys::of_user(tx, user).await?.len().saturating_sub(1);
            if others == 0 && accounts::password(tx, user).await?.is_none() {
                return Err(Error::Conflict("This is your only way to sign in. Add another passkey first."));
            }
            let left = factors::without(tx, &owner, id).await?;
            let factor = accounts::lock_factor(tx, user, id).await?;
            let off = Factor { state: FactorState::Removed, ..factor.clone() };
            let disabled = accounts::replace_factor(tx, factor, off).await?;
            let written = passkeys::remove(tx, before.clone()).await?;
            let removed = Event::new("passkey.removed", &written)?;
            tx.also(removed);
            // With the last factor of one's own goes what stands in for it.
            if left < Held::Own
                && let Some(event) = factors::recovery_codes::withdraw(tx, user).await?
            {
                tx.also(event);
            }
            end_because(tx, user, Some(session), Because::PasskeyRemoved).await?;
            letter::removed(store, tx, &owner, &before).await?;
            let event = Event::new("mfa.disabled", &disabled)?;
            let event = if left == Held::Nothing {
                let text =
                    format!("User with the role {} removed their last second factor", owner.role.title());
                event.raising(Severity::Warning, text)
            } else {
                let text = format!("User with the role {} removed a passkey", owner.role.title());
                event.raising(Severity::Info, text)
            };
            Ok(tx.record(event, ()))
        })
        .await
}
