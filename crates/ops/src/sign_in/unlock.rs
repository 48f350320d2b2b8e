//! Letting somebody try again before their time is over.

use bailiwick_domain::{entity::Severity, ids::UserId, rule::UnlockUser};
use bailiwick_store::{Event, Permit, Store, account_locks, attempts, users};

use super::waits::waits;
use crate::{
    Error, Result,
    users::{nobody_above, permissions_of, refuse_self},
};

/// Lifts the limits at a user's account: wrong guesses from before count no more. The attempts themselves stay.
///
/// # Errors
/// `Conflict` where nobody has to wait there, and for one's own account: whoever has only a session must not open the way to
/// guessing at its password.
pub async fn unlock(store: &Store, permit: &Permit<UnlockUser>, id: UserId) -> Result<()> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, id).await?;
            refuse_self(permit, id, "Somebody else has to unlock your own account.")?;
            nobody_above(permissions_of(store, tx, &user).await?, held)?;
            if waits(tx, id).await?.is_empty() {
                return Err(Error::Conflict("Nobody has to wait at this account."));
            }
            account_locks::forget_all(tx, id).await?;
            let written = attempts::unlock(tx, store.new_id(), id).await?;
            let event = Event::new("login.unlocked", &written)?
                .raising(Severity::Info, format!("{} account unlocked", user.role.title()));
            Ok(tx.record(event, ()))
        })
        .await
}
