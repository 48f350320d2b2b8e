//! The drills that were run. Rows are added and never changed.

use bailiwick_domain::{
    entity::{Drill, DrillKind, DrillOutcome},
    ids::{DrillId, TenantId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Store, Written,
    conn::on,
    lock::{execute, row, rows},
    mail::find_tenants,
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Tenants in one round at most.
const TENANTS: i64 = 8;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: DrillId,
    #[sqlx(try_from = "String")]
    kind: DrillKind,
    target: String,
    #[sqlx(try_from = "String")]
    outcome: DrillOutcome,
    found: String,
    records: i64,
    took_micros: i64,
    seed: i64,
    probes: String,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

impl TryFrom<Row> for Drill {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            kind: row.kind,
            target: row.target,
            outcome: row.outcome,
            found: row.found,
            records: row.records,
            took_micros: row.took_micros,
            seed: row.seed,
            probes: serde_json::from_str(&row.probes)
                .map_err(|_| Error::Corrupt("audit_drill.probes".into()))?,
            at: row.at,
        })
    }
}

/// Stores a drill.
pub async fn insert_drill(tx: &mut Tx, drill: Drill) -> Result<Written<Drill>> {
    let tenant = tx.tenant();
    let probes = serde_json::to_string(&drill.probes).map_err(|error| Error::Corrupt(error.to_string()))?;
    execute!(
        tx,
        "INSERT INTO audit_drill (tenant, id, kind, target, outcome, found, records, took_micros, seed, probes, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        tenant.uuid(),
        drill.id.uuid(),
        drill.kind.name(),
        drill.target.as_str(),
        drill.outcome.name(),
        drill.found.as_str(),
        drill.records,
        drill.took_micros,
        drill.seed,
        probes.as_str(),
        drill.at.micros()
    )?;
    Ok(Written::created(drill))
}

/// The tenant's drills, newest first.
pub async fn drills(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Drill>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, target, outcome, found, records, took_micros, seed, probes, at FROM audit_drill
         WHERE tenant = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(Drill::try_from).collect::<Result<_>>()?;
    Ok(Page::of(rows, LIMIT, |row: &Drill| Cursor { at: row.at, id: row.id.uuid() }))
}

/// One drill.
pub async fn find_drill(scope: &mut impl Scope, id: DrillId) -> Result<Drill> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, kind, target, outcome, found, records, took_micros, seed, probes, at FROM audit_drill WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Tenants whose last drill was before this moment, some of them; with `never`, those besides that had none.
pub async fn drills_due(store: &Store, before: Timestamp, never: bool) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.tenant FROM audit_tree t WHERE t.size > 0
             AND NOT EXISTS (SELECT 1 FROM audit_drill d WHERE d.tenant = t.tenant AND d.at >= $1)
             AND ($2 = 1 OR EXISTS (SELECT 1 FROM audit_drill d WHERE d.tenant = t.tenant)) ORDER BY t.tenant LIMIT $3",
        )
        .bind(before.micros())
        .bind(i64::from(never))
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Every log with something in it.
pub async fn logs(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as("SELECT tenant FROM audit_tree WHERE size > 0 ORDER BY tenant").fetch_all(c).await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}
