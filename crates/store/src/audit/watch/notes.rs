//! The notes. They go with the person that they are about.

use bailiwick_domain::{
    entity::{Anomaly, AnomalyKind},
    ids::{AnomalyId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Page, Result, Written,
    lock::{execute, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AnomalyId,
    #[sqlx(try_from = "String")]
    kind: AnomalyKind,
    actor: Uuid,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    what: String,
    leaf: i64,
    query: String,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

impl From<Row> for Anomaly {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            actor: row.actor,
            user: row.user_id,
            what: row.what,
            leaf: row.leaf,
            query: row.query,
            at: row.at,
        }
    }
}

/// Stores a note.
pub async fn insert_anomaly(tx: &mut Tx, note: Anomaly) -> Result<Written<Anomaly>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_anomaly (tenant, id, kind, actor, user_id, what, leaf, query, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        note.id.uuid(),
        note.kind.name(),
        note.actor,
        note.user.uuid(),
        note.what.as_str(),
        note.leaf,
        note.query.as_str(),
        note.at.micros()
    )?;
    Ok(Written::created(note))
}

/// The tenant's notes, newest first.
pub async fn anomalies(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Anomaly>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, actor, user_id, what, leaf, query, at FROM audit_anomaly
         WHERE tenant = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(Anomaly::from).collect();
    Ok(Page::of(rows, LIMIT, |row: &Anomaly| Cursor { at: row.at, id: row.id.uuid() }))
}
