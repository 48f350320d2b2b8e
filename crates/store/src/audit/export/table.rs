//! The table of exports.

use bailiwick_domain::{
    entity::{AuditExport, ExportFormat, ExportState},
    ids::AuditExportId,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

/// An export with how far the writing has come.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The export.
    pub export: AuditExport,
    /// Records that are on disk so far.
    pub written: i64,
    /// Leaves that were looked at so far, of those in the tree; nothing before the writing begins.
    pub looked_at: Option<(i64, i64)>,
    /// The signed checkpoint to whose root every record's path leads.
    pub checkpoint: Option<String>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AuditExportId,
    #[sqlx(try_from = "String")]
    format: ExportFormat,
    selection: String,
    asked_by: Option<Uuid>,
    #[sqlx(try_from = "String")]
    state: ExportState,
    downloads: i64,
    records: Option<i64>,
    octets: Option<i64>,
    digest: Option<String>,
    failure: Option<String>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    finished_at: Option<i64>,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
}

impl From<Row> for AuditExport {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            format: row.format,
            selection: row.selection,
            asked_by: row.asked_by,
            state: row.state,
            downloads: row.downloads,
            records: row.records,
            octets: row.octets,
            digest: row.digest,
            failure: row.failure,
            created_at: row.created_at,
            finished_at: row.finished_at.map(Timestamp::from_micros),
            expires_at: row.expires_at,
        }
    }
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    row: Row,
    written_records: i64,
    before_leaf: Option<i64>,
    tree_size: Option<i64>,
    checkpoint: Option<String>,
}

impl From<ListedRow> for Listed {
    fn from(row: ListedRow) -> Self {
        let looked_at = row.tree_size.zip(row.before_leaf).map(|(size, before)| (size - before, size));
        Self { export: row.row.into(), written: row.written_records, looked_at, checkpoint: row.checkpoint }
    }
}

/// Inserts an export that nothing is written of yet.
pub async fn insert(tx: &mut Tx, export: AuditExport) -> Result<Written<AuditExport>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_export (tenant, id, format, selection, asked_by, state, downloads, created_at, expires_at, written_records, written_octets)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)",
        tenant.uuid(),
        export.id.uuid(),
        export.format.name(),
        export.selection.as_str(),
        export.asked_by,
        export.state.name(),
        export.downloads,
        export.created_at.micros(),
        export.expires_at.micros()
    )?;
    Ok(Written::created(export))
}

/// Exports that are not written yet.
pub async fn waiting(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM audit_export WHERE tenant = $1 AND state = 'waiting'",
        tenant.uuid()
    )?;
    Ok(found.map_or(0, |(count,)| count))
}

/// Exports, newest first, up to a page.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Listed>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let found: Vec<ListedRow> = rows!(
        scope,
        "SELECT id, format, selection, asked_by, state, downloads, records, octets, digest, failure, created_at, finished_at, expires_at,
                written_records, before_leaf, tree_size, checkpoint
         FROM audit_export WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let found = found.into_iter().map(Listed::from).collect();
    Ok(Page::of(found, LIMIT, |row: &Listed| Cursor { at: row.export.created_at, id: row.export.id.uuid() }))
}

/// Exports behind this id, some at a time.
pub(in crate::audit) async fn after(
    scope: &mut impl Scope,
    after: Uuid,
    limit: i64,
) -> Result<Vec<AuditExport>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, format, selection, asked_by, state, downloads, records, octets, digest, failure, created_at, finished_at, expires_at
         FROM audit_export WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant.uuid(),
        after,
        limit
    )?;
    Ok(found.into_iter().map(AuditExport::from).collect())
}

/// One export.
pub async fn find(scope: &mut impl Scope, id: AuditExportId) -> Result<Listed> {
    let tenant = scope.tenant();
    let found: Option<ListedRow> = row!(
        scope,
        "SELECT id, format, selection, asked_by, state, downloads, records, octets, digest, failure, created_at, finished_at, expires_at,
                written_records, before_leaf, tree_size, checkpoint
         FROM audit_export WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.ok_or(Error::NotFound)?.into())
}

/// Reads an export for changing.
pub async fn lock(tx: &mut Tx, id: AuditExportId) -> Result<AuditExport> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, format, selection, asked_by, state, downloads, records, octets, digest, failure, created_at, finished_at, expires_at
         FROM audit_export WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.into())
}

/// Replaces a locked export by its new image.
pub async fn replace(tx: &mut Tx, before: AuditExport, after: AuditExport) -> Result<Written<AuditExport>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE audit_export SET state = $3, downloads = $4, records = $5, octets = $6, digest = $7, failure = $8, finished_at = $9, selection = $10
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.downloads,
        after.records,
        after.octets,
        after.digest.as_deref(),
        after.failure.as_deref(),
        after.finished_at.map(Timestamp::micros),
        after.selection.as_str()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}
