//! Alarms: signing or cosigning that was refused.

use bailiwick_domain::{
    entity::{LogRefusal, RefusalKind},
    ids::LogRefusalId,
    time::Timestamp,
};
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
    id: LogRefusalId,
    refuser: String,
    #[sqlx(try_from = "String")]
    why: RefusalKind,
    size: i64,
    seen: Option<i64>,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

impl From<Row> for LogRefusal {
    fn from(row: Row) -> Self {
        Self { id: row.id, by: row.refuser, why: row.why, size: row.size, seen: row.seen, at: row.at }
    }
}

/// Notes a refusal.
pub async fn insert(tx: &mut Tx, refusal: LogRefusal) -> Result<Written<LogRefusal>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_refusal (tenant, id, refuser, why, size, seen, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        refusal.id.uuid(),
        refusal.by.as_str(),
        refusal.why.name(),
        refusal.size,
        refusal.seen,
        refusal.at.micros()
    )?;
    Ok(Written::created(refusal))
}

/// Whether the same refusal was noted before: by the same, for the same reason, about the same events.
pub async fn is_noted(scope: &mut impl Scope, by: &str, why: RefusalKind, seen: Option<i64>) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> = row!(
        scope,
        "SELECT id FROM audit_refusal WHERE tenant = $1 AND refuser = $2 AND why = $3 AND coalesce(seen, -1) = coalesce($4, -1) LIMIT 1",
        tenant.uuid(),
        by,
        why.name(),
        seen
    )?;
    Ok(found.is_some())
}

/// The newest refusals.
pub async fn refusals(scope: &mut impl Scope) -> Result<Vec<LogRefusal>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, refuser, why, size, seen, at FROM audit_refusal WHERE tenant = $1 ORDER BY at DESC, id DESC LIMIT 20",
        tenant.uuid()
    )?;
    Ok(rows.into_iter().map(LogRefusal::from).collect())
}
