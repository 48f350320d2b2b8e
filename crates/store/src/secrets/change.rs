//! What people do to secrets.

use bailiwick_domain::{
    entity::{Secret, SecretStage, SecretVersion},
    ids::{SecretId, UserId},
};

use super::{find, value::seal};
use crate::{
    Error, Result, Written,
    lock::{execute, locked, row},
    tx::{Scope, Tx},
};

/// Secrets at most of one tenant.
pub const MOST: i64 = 1_000;

/// How many secrets there are.
pub async fn count(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(scope, "SELECT count(*) FROM secret WHERE tenant = $1", tenant.uuid())?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Reads a secret for changing or using it.
pub async fn lock(tx: &mut Tx, id: SecretId) -> Result<Secret> {
    let tenant = tx.tenant();
    // A row that is joined from outside cannot be locked, so its owner is locked first.
    let _: (i64,) =
        locked!(tx, "SELECT newest FROM secret WHERE tenant = $1 AND id = $2", tenant.uuid(), id.uuid())?;
    Ok(find(tx, id).await?.secret)
}

/// Stores a secret with its first version, which is the current one.
pub async fn insert(tx: &mut Tx, secret: Secret, value: &[u8]) -> Result<Written<Secret>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO secret (tenant, id, name, newest, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        secret.id.uuid(),
        secret.name.as_str(),
        secret.newest,
        secret.created_at.micros()
    )?;
    add(tx, secret.id, &secret.current, SecretStage::Current, value).await?;
    Ok(Written::created(secret))
}

/// Stores a version of a locked secret that waits for the rotation, in place of one that waited before.
pub async fn stage(
    tx: &mut Tx,
    before: Secret,
    version: SecretVersion,
    value: &[u8],
) -> Result<Written<Secret>> {
    let tenant = tx.tenant();
    drop_stage(tx, before.id, SecretStage::Staged).await?;
    execute!(
        tx,
        "UPDATE secret SET newest = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        version.number
    )?;
    add(tx, before.id, &version, SecretStage::Staged, value).await?;
    let after = Secret { newest: version.number, staged: Some(version), ..before.clone() };
    Ok(Written::replaced(before, after))
}

/// Removes the version of a locked secret that waits.
pub async fn discard(tx: &mut Tx, before: Secret) -> Result<Written<Secret>> {
    drop_stage(tx, before.id, SecretStage::Staged).await?;
    let after = Secret { staged: None, ..before.clone() };
    Ok(Written::replaced(before, after))
}

/// Puts the version that waits in the place of the current one, and that in the place of the previous one, whose value is gone.
pub async fn promote(tx: &mut Tx, before: Secret) -> Result<Written<Secret>> {
    let Some(staged) = before.staged.clone() else { return Err(Error::NotFound) };
    drop_stage(tx, before.id, SecretStage::Previous).await?;
    to_stage(tx, before.id, before.current.number, SecretStage::Previous).await?;
    to_stage(tx, before.id, staged.number, SecretStage::Current).await?;
    let after =
        Secret { current: staged, staged: None, previous: Some(before.current.clone()), ..before.clone() };
    Ok(Written::replaced(before, after))
}

/// Removes a locked secret with every value of it. How it was used goes before: see [`drop_uses`](super::drop_uses).
pub async fn remove(tx: &mut Tx, before: Secret) -> Result<Written<Secret>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "DELETE FROM secret_version WHERE tenant = $1 AND secret = $2",
        tenant.uuid(),
        before.id.uuid()
    )?;
    let touched =
        execute!(tx, "DELETE FROM secret WHERE tenant = $1 AND id = $2", tenant.uuid(), before.id.uuid())?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}

async fn add(
    tx: &mut Tx,
    id: SecretId,
    version: &SecretVersion,
    stage: SecretStage,
    value: &[u8],
) -> Result<()> {
    let tenant = tx.tenant();
    let sealed = seal(tx, id, version.number, value).await?;
    execute!(
        tx,
        "INSERT INTO secret_version (tenant, secret, number, stage, length, fingerprint, stored_by, stored_at, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        id.uuid(),
        version.number,
        stage.name(),
        version.length.name(),
        version.fingerprint.as_str(),
        version.stored_by.map(UserId::uuid),
        version.stored_at.micros(),
        sealed.as_slice()
    )?;
    Ok(())
}

async fn drop_stage(tx: &mut Tx, id: SecretId, stage: SecretStage) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "DELETE FROM secret_version WHERE tenant = $1 AND secret = $2 AND stage = $3",
        tenant.uuid(),
        id.uuid(),
        stage.name()
    )?;
    Ok(())
}

async fn to_stage(tx: &mut Tx, id: SecretId, number: i64, stage: SecretStage) -> Result<()> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE secret_version SET stage = $4 WHERE tenant = $1 AND secret = $2 AND number = $3",
        tenant.uuid(),
        id.uuid(),
        number,
        stage.name()
    )?;
    if touched == 1 { Ok(()) } else { Err(Error::NotFound) }
}
