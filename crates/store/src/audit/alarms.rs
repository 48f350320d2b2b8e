//! Alarms about the keeping of the logs, in the log of the platform; and what they are raised by.

use bailiwick_domain::{
    entity::{AlarmKind, AuditAlarm},
    ids::{AuditAlarmId, TenantId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::total;
use crate::{
    Error, Result, Store, Written,
    lock::{execute, row, rows},
    tenants,
    tx::{Scope, Tx},
};

/// Leaves at the newest end of a log that are looked through for one that is missing.
const NEWEST: i64 = 4_096;
/// Segments at the newest end of an archive that are.
const SEGMENTS: i64 = 128;
/// Alarms that are shown.
const SHOWN: i64 = 50;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AuditAlarmId,
    #[sqlx(try_from = "String")]
    kind: AlarmKind,
    detail: String,
    #[sqlx(try_from = "i64")]
    raised_at: Timestamp,
    ended_at: Option<i64>,
}

impl From<Row> for AuditAlarm {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            detail: row.detail,
            raised_at: row.raised_at,
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// The alarms that stand.
pub async fn standing(scope: &mut impl Scope) -> Result<Vec<AuditAlarm>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, detail, raised_at, ended_at FROM audit_alarm WHERE tenant = $1 AND ended_at IS NULL ORDER BY kind",
        tenant.uuid()
    )?;
    Ok(found.into_iter().map(AuditAlarm::from).collect())
}

/// The newest alarms, those that have ended too, newest first.
pub async fn newest(scope: &mut impl Scope) -> Result<Vec<AuditAlarm>> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT id, kind, detail, raised_at, ended_at FROM audit_alarm WHERE tenant = $1 ORDER BY raised_at DESC, id DESC LIMIT $2",
        tenant.uuid(),
        SHOWN
    )?;
    Ok(found.into_iter().map(AuditAlarm::from).collect())
}

/// Stores an alarm. Whoever raises one has locked the policy and seen that none of its kind stands.
pub async fn insert(tx: &mut Tx, alarm: AuditAlarm) -> Result<Written<AuditAlarm>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO audit_alarm (tenant, id, kind, detail, raised_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        alarm.id.uuid(),
        alarm.kind.name(),
        alarm.detail.as_str(),
        alarm.raised_at.micros()
    )?;
    Ok(Written::created(alarm))
}

/// Ends an alarm now.
pub async fn end(tx: &mut Tx, before: AuditAlarm) -> Result<Written<AuditAlarm>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE audit_alarm SET ended_at = $3 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL",
        tenant.uuid(),
        before.id.uuid(),
        now.micros()
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    let after = AuditAlarm { ended_at: Some(now), ..before.clone() };
    Ok(Written::replaced(before, after))
}

/// Tenants behind `after` in the order of their ids, some at a time.
pub async fn tenants_after(store: &Store, after: Option<TenantId>, at_most: usize) -> Result<Vec<TenantId>> {
    let mut ids: Vec<TenantId> = tenants::all(store).await?.into_iter().map(|tenant| tenant.id).collect();
    ids.sort_unstable();
    ids.retain(|id| after.is_none_or(|after| *id > after));
    ids.truncate(at_most);
    Ok(ids)
}

/// Whether a leaf is missing at the newest end of the scope's log, or a segment at that of its archive. What the retention took is not
/// missing.
pub async fn has_gap(scope: &mut impl Scope) -> Result<bool> {
    let tenant = scope.tenant();
    let size = total(scope).await?;
    let from = size.saturating_sub(NEWEST).max(0);
    let there: Option<(i64, i64)> = row!(
        scope,
        "SELECT (SELECT count(*) FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2),
                (SELECT count(*) FROM audit_retired r WHERE r.tenant = $1 AND r.leaf_index >= $2
                 AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index))",
        tenant.uuid(),
        from
    )?;
    if there.is_none_or(|(leaves, retired)| leaves + retired != size - from) {
        return Ok(true);
    }
    let parted: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM (SELECT first_leaf FROM audit_segment WHERE tenant = $1 ORDER BY size DESC LIMIT $2) AS s
         WHERE s.first_leaf > 0 AND NOT EXISTS (SELECT 1 AS one FROM audit_segment p WHERE p.tenant = $1 AND p.size = s.first_leaf)",
        tenant.uuid(),
        SEGMENTS
    )?;
    Ok(parted.is_some_and(|(segments,)| segments > 0))
}
