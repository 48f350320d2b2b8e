//! Destroying a version of a tenant's key. Sensitive, since nobody can undo it: it waits, can be called off, and is looked at
//! once more before it is done.

use bailiwick_domain::{
    entity::{DESTRUCTION_WAITS_DAYS, DestructionState, KeyDestruction, Severity},
    ids::KeyDestructionId,
    rule::{ByJob, CancelKeyDestruction, DestroyKey, ReadKeys},
};
use bailiwick_store::{Event, Permit, Recorded, Scope, Store, Tx, audit::hold, keys, tenants};

use crate::{
    Error, Result,
    step_up::{Answer, Change, Outcome, Told},
    valid,
};

/// Asks for the destruction of a version after the waiting time. A code is asked for first.
///
/// Only a version that nothing of the database is sealed under any more: what it still opens then are copies, such as backups.
///
/// # Errors
/// `Invalid` with the field `reason`; `NotFound`; `Conflict` for the newest version, for one that something is sealed under and for
/// one whose destruction waits already; `Held` while a legal hold stands.
pub async fn request(
    store: &Store,
    permit: &Permit<DestroyKey>,
    version: i64,
    reason: &str,
    answer: Option<Answer>,
) -> Result<Outcome<KeyDestruction>> {
    let reason = &valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let change = Change { store, home: permit, inside: permit };
    let told = |destruction: &KeyDestruction| Told {
        name: format!("version {}", destruction.version),
        effects: vec![
            format!(
                "It is destroyed {} days from now. Until then it can be called off.",
                destruction.waits_days
            ),
            "Whatever copies hold under it, such as backups, can be opened by nobody then.".to_owned(),
        ],
    };
    change.confirmed(answer, told, async |tx| ask(tx, version, reason).await).await
}

async fn ask(tx: &mut Tx, version: i64, reason: &str) -> Result<Recorded<KeyDestruction>> {
    tenants::lock_policy(tx).await?;
    let waiting = keys::destructions(tx).await?.into_iter().map(|found| found.destruction);
    let mut waiting = waiting.filter(|found| found.state == DestructionState::Waiting);
    if waiting.any(|found| found.version == version) {
        return Err(Error::Conflict("The destruction of this version waits already."));
    }
    look(tx, version).await?;
    let written = keys::request(tx, version, reason, DESTRUCTION_WAITS_DAYS).await?;
    let Some(asked) = written.entity().cloned() else { return Err(Error::NotFound) };
    let event = Event::new("key_destruction.requested", &written)?
        .because(reason)
        .raising(Severity::High, format!("Version {version} of the encryption key is to be destroyed"));
    Ok(tx.record(event, asked))
}

/// Refuses where a version must stay. Gives the name of the root key that wraps it.
async fn look(tx: &mut Tx, version: i64) -> Result<String> {
    let versions = keys::versions(tx).await?;
    let found = versions.iter().find(|found| found.key.version == version).ok_or(Error::NotFound)?;
    if versions.first().is_some_and(|newest| newest.key.version == version) {
        return Err(Error::Conflict("This version seals what is stored now. Rotate the key first."));
    }
    // Whoever places a hold waits for the policy, or this for them. What a hold keeps may lie in a copy under this very version.
    if let Some(hold) = hold::standing(tx).await?.first() {
        return Err(Error::Held(hold.hold.refusal(None)));
    }
    if keys::protects(tx).await?.contains_key(&version) {
        return Err(Error::Conflict(
            "Something is still sealed under this version. It is wrapped anew in the background; try again later.",
        ));
    }
    Ok(found.key.root_key.clone())
}

/// Calls a destruction off.
///
/// # Errors
/// `NotFound`; `Conflict` for one that does not wait any more.
pub async fn cancel(
    store: &Store,
    permit: &Permit<CancelKeyDestruction>,
    id: KeyDestructionId,
) -> Result<KeyDestruction> {
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = keys::lock_destruction(tx, id).await?.destruction;
            if before.state != DestructionState::Waiting {
                return Err(Error::Conflict("It was done or called off already."));
            }
            let after = KeyDestruction { state: DestructionState::Cancelled, ..before.clone() };
            let told = format!("Version {} of the encryption key stays", after.version);
            let written = keys::settle(tx, before, after.clone()).await?;
            let event = Event::new("key_destruction.cancelled", &written)?.raising(Severity::Info, told);
            Ok(tx.record(event, after))
        })
        .await
}

/// The certificate of a destruction, as a text that anybody checks with the log's public key.
///
/// # Errors
/// `NotFound` for one that was not done; `Conflict` until a checkpoint covers its record, which takes seconds.
pub async fn certificate(store: &Store, permit: &Permit<ReadKeys>, id: KeyDestructionId) -> Result<String> {
    let soon =
        Error::Conflict("The log signs the destruction within seconds. Ask for the certificate again.");
    keys::certificate(&mut store.read(permit).await?, id).await?.ok_or(soon)
}

/// Does what is due. One that a hold or something sealed stands against waits on.
pub(super) async fn carry_out(store: &Store, permit: &Permit<ByJob>, id: KeyDestructionId) -> Result<()> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    // Looked at before the change, which would record a refusal each time.
    let found = keys::find_destruction(&mut store.read(permit).await?, id).await?;
    let mut view = store.read(permit).await?;
    let stands = !hold::standing(&mut view).await?.is_empty()
        || keys::protects(&mut view).await?.contains_key(&found.destruction.version);
    drop(view);
    if stands {
        return Err(Error::Conflict("Something stands against it."));
    }
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let found = keys::lock_destruction(tx, id).await?;
            let before = found.destruction;
            if before.state != DestructionState::Waiting || tx.now() < found.due_at {
                return Err(Error::Conflict("It is not due."));
            }
            let root_key = look(tx, before.version).await?;
            keys::destroy(tx, before.version).await?;
            let after = KeyDestruction {
                state: DestructionState::Done,
                destroyed: Some(before.version),
                root_key: Some(root_key),
                ..before.clone()
            };
            let told = format!("Version {} of the encryption key was destroyed", after.version);
            let written = keys::settle(tx, before, after).await?;
            let event = Event::new("key_destruction.done", &written)?.raising(Severity::High, told);
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await?;
    keys::forget(store, tenant);
    Ok(())
}
