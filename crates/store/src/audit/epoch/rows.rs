//! The epochs that the database tells of.

use bailiwick_domain::{entity::LogEpoch, ids::LogEpochId, time::Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Result, Written,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: LogEpochId,
    epoch: i64,
    kept: i64,
    kept_at: Option<i64>,
    signed: i64,
    signed_at: Option<i64>,
    #[sqlx(try_from = "i64")]
    begun_at: Timestamp,
}

impl From<Row> for LogEpoch {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            epoch: row.epoch,
            kept: row.kept,
            kept_at: row.kept_at.map(Timestamp::from_micros),
            signed: row.signed,
            signed_at: row.signed_at.map(Timestamp::from_micros),
            begun_at: row.begun_at,
        }
    }
}

/// Notes that an epoch begins.
pub async fn insert(tx: &mut Tx, epoch: LogEpoch) -> Result<Written<LogEpoch>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_epoch (tenant, epoch, id, kept, kept_at, signed, signed_at, begun_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        epoch.epoch,
        epoch.id.uuid(),
        epoch.kept,
        epoch.kept_at.map(Timestamp::micros),
        epoch.signed,
        epoch.signed_at.map(Timestamp::micros),
        epoch.begun_at.micros()
    )?;
    Ok(Written::created(epoch))
}

/// The further epochs of the tenant's log, in their order.
pub async fn list(scope: &mut impl Scope) -> Result<Vec<LogEpoch>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, epoch, kept, kept_at, signed, signed_at, begun_at FROM audit_epoch WHERE tenant = $1 ORDER BY epoch LIMIT 100",
        tenant.uuid()
    )?;
    Ok(rows.into_iter().map(LogEpoch::from).collect())
}

/// Whether the database tells of this epoch.
pub async fn begun(scope: &mut impl Scope, epoch: u32) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT epoch FROM audit_epoch WHERE tenant = $1 AND epoch = $2",
        tenant.uuid(),
        i64::from(epoch)
    )?;
    Ok(found.is_some())
}
