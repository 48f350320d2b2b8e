//! Recovery codes: ten at a time, shown once, each good once.

use bailiwick_domain::{entity::Severity, ids::UserId, mfa::Held, rule::ChangeMyProofs};
use bailiwick_mail::News;
use bailiwick_store::{Event, Permit, Store, Tx, accounts, recovery_codes, users};
use bailiwick_vault::recovery::RecoveryCode;

use super::me;
use crate::{Error, Result, notices::tell};

/// How many codes are made at once.
pub const CODES: usize = 10;

/// Makes new codes, to be shown once; those before are good no more.
///
/// # Errors
/// `Conflict` for whoever has no verified factor of their own: there is nothing that the codes could stand in for.
pub async fn generate(store: &Store, permit: &Permit<ChangeMyProofs>) -> Result<Vec<RecoveryCode>> {
    let me = me(permit)?;
    store
        .change(permit, async |tx| {
            let owner = users::lock(tx, me).await?;
            if Held::of(&accounts::factors(tx, me).await?) < Held::Own {
                return Err(Error::Conflict("Set up a second factor first. Recovery codes stand in for it."));
            }
            let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::generate(store.entropy())).collect();
            let hashes: Vec<_> = codes.iter().map(RecoveryCode::hash).collect();
            let written = recovery_codes::replace(tx, me, &hashes).await?;
            tell(store, tx, &owner, News::RecoveryCodesMade).await?;
            let event = Event::new("recovery_codes.generated", &written)?
                .raising(Severity::Info, format!("{} made recovery codes", owner.role.title()));
            Ok(tx.record(event, codes))
        })
        .await
}

/// Takes the codes of a locked user away, if there are any: with the last factor goes what stands in for it.
///
/// Gives what is to be recorded of it.
pub(crate) async fn withdraw(tx: &mut Tx, user: UserId) -> Result<Option<Event>> {
    if recovery_codes::of(tx, user).await?.is_none() {
        return Ok(None);
    }
    let written = recovery_codes::remove(tx, user).await?;
    Ok(Some(Event::new("recovery_codes.removed", &written)?))
}
