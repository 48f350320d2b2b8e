//! A new version of a tenant's key. By hand it is sensitive: everything that is sealed from then on needs it.

use bailiwick_domain::{
    entity::{Severity, TenantKey},
    rule::{ByJob, RotateKey},
};
use bailiwick_store::{
    Event, Permit, Recorded, Store, Tx,
    keys::{self, FreshKey},
    tenants,
};

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
};

/// Seals under a new version from now on. A code is asked for first. What is sealed already stays readable, and is wrapped anew by
/// a job.
///
/// # Errors
/// `Conflict` where somebody else rotated it meanwhile; the store's `KeysAway` where the holder of the root key does not answer.
pub async fn rotate(
    store: &Store,
    permit: &Permit<RotateKey>,
    answer: Option<Answer>,
) -> Result<Outcome<TenantKey>> {
    let mut view = store.read(permit).await?;
    let newest = keys::newest(&mut view).await?.key.version;
    let name = tenants::find(&mut view).await?.name;
    drop(view);
    let fresh = keys::fresh(store, permit.tenant().ok_or(Error::NotFound)?, newest + 1).await?;
    let told = |key: &TenantKey| Told {
        name,
        effects: vec![
            format!("Version {} seals everything from now on; older versions go on opening.", key.version),
            "What is sealed under older versions is wrapped anew in the background.".to_owned(),
        ],
    };
    let change = Change { store, home: permit, inside: permit };
    let key = &fresh;
    let outcome = change.confirmed(answer, told, async |tx| put(tx, key).await).await?;
    if matches!(outcome, Outcome::Done(_)) {
        keys::held(store, fresh);
    }
    Ok(outcome)
}

async fn put(tx: &mut Tx, fresh: &FreshKey) -> Result<Recorded<TenantKey>> {
    tenants::lock_policy(tx).await?;
    let written = keys::insert(tx, fresh).await?;
    let event =
        Event::new("tenant_key.rotated", &written)?.raising(Severity::Info, "The encryption key was rotated");
    Ok(tx.record(event, fresh.image()))
}

/// As the server itself, by schedule.
pub(super) async fn by_schedule(store: &Store, permit: &Permit<ByJob>) -> Result<()> {
    let newest = keys::newest(&mut store.read(permit).await?).await?.key.version;
    let fresh = keys::fresh(store, permit.tenant().ok_or(Error::NotFound)?, newest + 1).await?;
    let key = &fresh;
    store.change(permit, async |tx| put(tx, key).await).await?;
    keys::held(store, fresh);
    Ok(())
}
