//! That a secret was used.

use bailiwick_domain::{
    entity::SecretUse,
    ids::{ApiKeyId, SecretId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Result, Written,
    lock::{execute, row},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    uses: i64,
    version: i64,
    #[sqlx(try_from = "Uuid")]
    api_key: ApiKeyId,
    #[sqlx(try_from = "i64")]
    used_at: Timestamp,
}

/// Notes that a key gets this version of a locked secret.
pub async fn used(tx: &mut Tx, id: SecretId, version: i64, key: ApiKeyId) -> Result<Written<SecretUse>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let before = uses(tx, id).await?;
    let uses = before.as_ref().map_or(0, |before| before.uses) + 1;
    let after = SecretUse { secret: id, uses, version, key, at: now };
    execute!(
        tx,
        "INSERT INTO secret_use (tenant, secret, uses, version, api_key, used_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, secret) DO UPDATE SET uses = excluded.uses, version = excluded.version, api_key = excluded.api_key,
                                                    used_at = excluded.used_at",
        tenant.uuid(),
        id.uuid(),
        after.uses,
        after.version,
        after.key.uuid(),
        after.at.micros()
    )?;
    Ok(match before {
        Some(before) => Written::replaced(before, after),
        None => Written::created(after),
    })
}

/// Forgets how a locked secret was used, which is about to go; nothing where it never was.
pub async fn drop_uses(tx: &mut Tx, id: SecretId) -> Result<Option<Written<SecretUse>>> {
    let tenant = tx.tenant();
    let before = uses(tx, id).await?;
    execute!(tx, "DELETE FROM secret_use WHERE tenant = $1 AND secret = $2", tenant.uuid(), id.uuid())?;
    Ok(before.map(Written::removed))
}

async fn uses(tx: &mut Tx, id: SecretId) -> Result<Option<SecretUse>> {
    let tenant = tx.tenant();
    let found: Option<Row> = row!(
        tx,
        "SELECT uses, version, api_key, used_at FROM secret_use WHERE tenant = $1 AND secret = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.map(|row| SecretUse {
        secret: id,
        uses: row.uses,
        version: row.version,
        key: row.api_key,
        at: row.used_at,
    }))
}
