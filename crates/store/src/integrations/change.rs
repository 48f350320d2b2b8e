//! What people do to integrations.

use bailiwick_domain::{
    entity::Integration,
    ids::{IntegrationId, UserId},
    time::Timestamp,
};

use super::{cell, find};
use crate::{
    Error, Result, Written,
    lock::{execute, locked, row},
    sealed,
    tx::{Scope, Tx},
};

/// Integrations at most of one tenant.
pub const MOST: i64 = 100;

/// The tag by which a configuration is recorded, 32 lower-case hexadecimal digits.
pub fn tag(scope: &impl Scope, configuration: &[u8]) -> String {
    let tenant = scope.tenant().bytes();
    // Apart from the fingerprints of secrets: no value of one begins so.
    let marked = [b"integration\0".as_slice(), configuration].concat();
    hex::encode(scope.shared().keys.directory.secret_fingerprint(&tenant, &marked))
}

/// How many integrations there are.
pub async fn count(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> =
        row!(scope, "SELECT count(*) FROM integration WHERE tenant = $1", tenant.uuid())?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Whether there is an integration with this name, other than `but`.
pub async fn is_named(scope: &mut impl Scope, name: &str, but: Option<IntegrationId>) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(uuid::Uuid,)> =
        row!(scope, "SELECT id FROM integration WHERE tenant = $1 AND name = $2", tenant.uuid(), name)?;
    Ok(found.is_some_and(|(id,)| Some(id) != but.map(IntegrationId::uuid)))
}

/// Reads an integration for changing it.
pub async fn lock(tx: &mut Tx, id: IntegrationId) -> Result<Integration> {
    let tenant = tx.tenant();
    // A row that is joined from outside cannot be locked, so its owner is locked first.
    let _: (i64,) = locked!(
        tx,
        "SELECT revision FROM integration WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(find(tx, id).await?.integration)
}

/// Stores an integration with its configuration.
pub async fn insert(tx: &mut Tx, made: Integration, configuration: &[u8]) -> Result<Written<Integration>> {
    let tenant = tx.tenant();
    let sealed = sealed::seal(tx, cell(&made.id.bytes()), configuration).await?;
    execute!(
        tx,
        "INSERT INTO integration (tenant, id, name, provider, enabled, revision, origin, configuration, created_at, changed_at, changed_by, due_at, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $9, $12)",
        tenant.uuid(),
        made.id.uuid(),
        made.name.as_str(),
        made.provider.name(),
        i64::from(made.enabled),
        made.revision,
        made.origin.as_str(),
        made.configuration.as_str(),
        made.created_at.micros(),
        made.changed_at.micros(),
        made.changed_by.map(UserId::uuid),
        sealed.as_slice()
    )?;
    Ok(Written::created(made))
}

/// Puts another name and configuration in the place of those of a locked integration.
pub async fn replace(
    tx: &mut Tx,
    before: Integration,
    after: Integration,
    configuration: &[u8],
) -> Result<Written<Integration>> {
    let tenant = tx.tenant();
    let sealed = sealed::seal(tx, cell(&after.id.bytes()), configuration).await?;
    let touched = execute!(
        tx,
        "UPDATE integration SET name = $3, revision = $4, origin = $5, configuration = $6, changed_at = $7, changed_by = $8, sealed = $9
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        after.id.uuid(),
        after.name.as_str(),
        after.revision,
        after.origin.as_str(),
        after.configuration.as_str(),
        after.changed_at.micros(),
        after.changed_by.map(UserId::uuid),
        sealed.as_slice()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Takes a locked integration into use, from when the server tests it, or out of use.
pub async fn toggle(
    tx: &mut Tx,
    before: Integration,
    after: Integration,
    due_at: Timestamp,
) -> Result<Written<Integration>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE integration SET enabled = $3, revision = $4, changed_at = $5, changed_by = $6, due_at = $7 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        after.id.uuid(),
        i64::from(after.enabled),
        after.revision,
        after.changed_at.micros(),
        after.changed_by.map(UserId::uuid),
        due_at.micros()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes a locked integration. How its tests went goes before: see [`drop_health`](super::drop_health).
pub async fn remove(tx: &mut Tx, before: Integration) -> Result<Written<Integration>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM integration WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}
