//! The table of segments that were asked back.

use std::collections::BTreeSet;

use bailiwick_domain::{
    entity::{AuditRestore, RestoreState},
    ids::AuditRestoreId,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    conn::Driver,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AuditRestoreId,
    segment: i64,
    first_leaf: i64,
    #[sqlx(try_from = "String")]
    state: RestoreState,
    asked_by: Option<Uuid>,
    reason: String,
    records: i64,
    failure: Option<String>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    finished_at: Option<i64>,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
}

impl From<Row> for AuditRestore {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            segment: row.segment,
            first_leaf: row.first_leaf,
            state: row.state,
            asked_by: row.asked_by,
            reason: row.reason,
            records: row.records,
            failure: row.failure,
            created_at: row.created_at,
            finished_at: row.finished_at.map(Timestamp::from_micros),
            expires_at: row.expires_at,
        }
    }
}

/// Stores what was asked for.
pub async fn insert(tx: &mut Tx, restore: AuditRestore) -> Result<Written<AuditRestore>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_restore (tenant, id, segment, first_leaf, state, asked_by, reason, records, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        restore.id.uuid(),
        restore.segment,
        restore.first_leaf,
        restore.state.name(),
        restore.asked_by,
        restore.reason.as_str(),
        restore.records,
        restore.created_at.micros(),
        restore.expires_at.micros()
    )?;
    Ok(Written::created(restore))
}

/// Reads one for changing.
pub async fn lock(tx: &mut Tx, id: AuditRestoreId) -> Result<AuditRestore> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, segment, first_leaf, state, asked_by, reason, records, failure, created_at, finished_at, expires_at
         FROM audit_restore WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.into())
}

/// Replaces a locked one by its new image.
pub async fn replace(
    tx: &mut Tx,
    before: AuditRestore,
    after: AuditRestore,
) -> Result<Written<AuditRestore>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE audit_restore SET state = $3, records = $4, failure = $5, finished_at = $6, expires_at = $7 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.records,
        after.failure.as_deref(),
        after.finished_at.map(Timestamp::micros),
        after.expires_at.micros()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// One of them.
pub async fn find(scope: &mut impl Scope, id: AuditRestoreId) -> Result<AuditRestore> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, segment, first_leaf, state, asked_by, reason, records, failure, created_at, finished_at, expires_at
         FROM audit_restore WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// All of them, newest first, up to a page.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<AuditRestore>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, segment, first_leaf, state, asked_by, reason, records, failure, created_at, finished_at, expires_at
         FROM audit_restore WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let found = found.into_iter().map(AuditRestore::from).collect();
    Ok(Page::of(found, LIMIT, |one: &AuditRestore| Cursor { at: one.created_at, id: one.id.uuid() }))
}

/// Those that are under way or searchable: how many, and whether this segment is among them.
pub async fn open(scope: &mut impl Scope, segment: i64) -> Result<(i64, bool)> {
    let tenant = scope.tenant();
    let found: Option<(i64, i64)> = row!(
        scope,
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN segment = $2 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM audit_restore WHERE tenant = $1 AND state IN ('waiting', 'done')",
        tenant.uuid(),
        segment
    )?;
    Ok(found.map_or((0, false), |(all, same)| (all, same > 0)))
}

/// Which of these leaves are back from the archive for a time.
pub async fn among(scope: &mut impl Scope, leaves: &[i64]) -> Result<BTreeSet<i64>> {
    if leaves.is_empty() {
        return Ok(BTreeSet::new());
    }
    let tenant = scope.tenant();
    let found: Vec<i64> = match scope.driver() {
        Driver::Sqlite(c) => {
            sqlx::query_scalar(
                "SELECT b.leaf_index FROM json_each($2) AS n CROSS JOIN audit_restored b WHERE b.tenant = $1 AND b.leaf_index = n.value",
            )
            .bind(tenant.uuid())
            .bind(serde_json::Value::from(leaves).to_string())
            .fetch_all(c)
            .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_scalar("SELECT leaf_index FROM audit_restored WHERE tenant = $1 AND leaf_index = ANY ($2)")
                .bind(tenant.uuid())
                .bind(leaves)
                .fetch_all(c)
                .await?
        }
    };
    Ok(found.into_iter().collect())
}
