//! Security events.

use bailiwick_domain::{
    entity::{SecurityEvent, Severity, Triage},
    ids::SecurityEventId,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: SecurityEventId,
    kind: String,
    #[sqlx(try_from = "String")]
    severity: Severity,
    detail: String,
    audit_event: Uuid,
    #[sqlx(try_from = "String")]
    triage: Triage,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

impl From<Row> for SecurityEvent {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            severity: row.severity,
            detail: row.detail,
            audit_event: row.audit_event,
            triage: row.triage,
            at: row.at,
        }
    }
}

/// Stores an event that an audit record raised. It is a view of that record, so it has none of its own.
pub(crate) async fn insert(tx: &mut Tx, event: &SecurityEvent) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO security_event (tenant, id, kind, severity, detail, audit_event, triage, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        event.id.uuid(),
        event.kind.as_str(),
        event.severity.name(),
        event.detail.as_str(),
        event.audit_event,
        event.triage.name(),
        event.at.micros()
    )?;
    Ok(())
}

/// Events, newest first, at most `limit`.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>, limit: i64) -> Result<Page<SecurityEvent>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, severity, detail, audit_event, triage, at FROM security_event
         WHERE tenant = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        limit + 1
    )?;
    let rows = rows.into_iter().map(SecurityEvent::from).collect();
    Ok(Page::of(rows, limit, |row: &SecurityEvent| Cursor { at: row.at, id: row.id.uuid() }))
}

/// One event.
pub async fn find(scope: &mut impl Scope, id: SecurityEventId) -> Result<SecurityEvent> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, kind, severity, detail, audit_event, triage, at FROM security_event WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.ok_or(Error::NotFound)?.into())
}

/// Reads an event for changing.
pub async fn lock(tx: &mut Tx, id: SecurityEventId) -> Result<SecurityEvent> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, kind, severity, detail, audit_event, triage, at FROM security_event WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.into())
}

/// Replaces a locked event by its new image.
pub async fn replace(
    tx: &mut Tx,
    before: SecurityEvent,
    after: SecurityEvent,
) -> Result<Written<SecurityEvent>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE security_event SET triage = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.triage.name()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}
