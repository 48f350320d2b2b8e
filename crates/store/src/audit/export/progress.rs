//! How far the writing of an export has come, noted without a record for each step: the beginning and the end are records.

use bailiwick_domain::{
    ids::{AuditExportId, TenantId},
    rule::ByJob,
    time::Span,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store,
    audit::page::newest_checkpoint,
    conn::on,
    lock::{execute, row, rows},
    mail::find_tenants,
    store::Quiet,
    tx::{Scope, Tx},
};

/// Tenants at most in one round.
const TENANTS: i64 = 256;

/// After this long without a step, whoever was writing is gone, and another may go on.
const GONE: Span = Span::seconds(60);

/// A place in the writing of an export, from which it goes on after whatever happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The size of the tree that every proof leads to.
    pub size: i64,
    /// The leaf before which the next record is looked for; 0 when all were.
    pub before: i64,
    /// Records on disk.
    pub records: i64,
    /// Octets on disk.
    pub octets: i64,
}

#[derive(FromRow)]
struct Row {
    tree_size: i64,
    before_leaf: i64,
    written_records: i64,
    written_octets: i64,
}

impl From<Row> for Progress {
    fn from(row: Row) -> Self {
        Self {
            size: row.tree_size,
            before: row.before_leaf,
            records: row.written_records,
            octets: row.written_octets,
        }
    }
}

/// Tenants that are served and have exports to be written, or whose time is over.
pub async fn tenants_with_work(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT e.tenant FROM audit_export e JOIN tenant t ON t.id = e.tenant
             WHERE (e.state = 'waiting' OR (e.state = 'done' AND e.expires_at <= $1)) AND t.status = 'active' LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The exports of the scope's tenant that wait to be written, the oldest first, and those whose time is over.
pub async fn work(scope: &mut impl Scope) -> Result<(Vec<AuditExportId>, Vec<AuditExportId>)> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let found: Vec<(Uuid, String)> = rows!(
        scope,
        "SELECT id, state FROM audit_export
         WHERE tenant = $1 AND (state = 'waiting' OR (state = 'done' AND expires_at <= $2)) ORDER BY created_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        TENANTS
    )?;
    let (waiting, over): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, state)| state == "waiting");
    let ids = |rows: Vec<(Uuid, String)>| rows.into_iter().map(|(id, _)| id.into()).collect();
    Ok((ids(waiting), ids(over)))
}

/// Takes an export to write some of it; nothing where somebody else is at it, or where the log is not signed yet up to the moment
/// at which it was asked for.
///
/// The first time, the newest checkpoint is kept with it: every record's proof leads to that one.
pub async fn begin(store: &Store, permit: &Permit<ByJob>, id: AuditExportId) -> Result<Option<Progress>> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let begun = take(&mut tx, id).await;
    match begun {
        Ok(Some(progress)) => {
            store.commit_quietly(tx, Quiet::ExportAdvanced).await?;
            Ok(Some(progress))
        }
        other => {
            store.undo(tx).await;
            other
        }
    }
}

async fn take(tx: &mut Tx, id: AuditExportId) -> Result<Option<Progress>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let taken = execute!(
        tx,
        "UPDATE audit_export SET taken_at = $3 WHERE tenant = $1 AND id = $2 AND state = 'waiting' AND (taken_at IS NULL OR taken_at <= $4)",
        tenant.uuid(),
        id.uuid(),
        now.micros(),
        (now - GONE).micros()
    )?;
    if taken == 0 {
        return Ok(None);
    }
    let (asked_at, size, waiting): (i64, i64, i64) = match row!(
        tx,
        "SELECT e.created_at, t.size, CAST(CASE WHEN EXISTS (SELECT 1 FROM audit_pending p WHERE p.tenant = e.tenant) THEN 1 ELSE 0 END AS BIGINT)
         FROM audit_export e JOIN audit_tree t ON t.tenant = e.tenant WHERE e.tenant = $1 AND e.id = $2",
        tenant.uuid(),
        id.uuid()
    )? {
        Some(found) => found,
        None => return Ok(None),
    };
    if let Some(signed) = newest_checkpoint(tx).await?
        && (signed.at.micros() >= asked_at || (signed.size == size && waiting == 0))
    {
        execute!(
            tx,
            "UPDATE audit_export SET tree_size = $3, before_leaf = $3, checkpoint = $4 WHERE tenant = $1 AND id = $2 AND tree_size IS NULL",
            tenant.uuid(),
            id.uuid(),
            signed.size,
            signed.note.as_str()
        )?;
    }
    let found: Option<Row> = row!(
        tx,
        "SELECT tree_size, before_leaf, written_records, written_octets FROM audit_export
         WHERE tenant = $1 AND id = $2 AND tree_size IS NOT NULL",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.map(Progress::from))
}

/// Notes what is on disk by now. `on` says whether the writer goes on; otherwise anybody may. Says whether the export still waits:
/// somebody may have removed it.
pub async fn advance(
    store: &Store,
    permit: &Permit<ByJob>,
    id: AuditExportId,
    progress: Progress,
    on: bool,
) -> Result<bool> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let noted = execute!(
        tx,
        "UPDATE audit_export SET before_leaf = $3, written_records = $4, written_octets = $5, taken_at = $6
         WHERE tenant = $1 AND id = $2 AND state = 'waiting'",
        tenant.uuid(),
        id.uuid(),
        progress.before,
        progress.records,
        progress.octets,
        on.then_some(now.micros())
    );
    match noted {
        Ok(touched) => {
            store.commit_quietly(tx, Quiet::ExportAdvanced).await?;
            Ok(touched == 1)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}
