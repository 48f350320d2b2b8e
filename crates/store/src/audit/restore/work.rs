//! What there is to do for the job.

use bailiwick_domain::{
    ids::{AuditRestoreId, TenantId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{Result, Store, conn::on, lock::rows, mail::find_tenants, tx::Scope};

/// Tenants at most in one round.
const TENANTS: i64 = 256;

/// What there is to do for a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Segments to be brought back, the oldest first.
    pub waiting: Vec<AuditRestoreId>,
    /// Those whose time is over.
    pub over: Vec<AuditRestoreId>,
    /// Those that have ended and of which records may still be there.
    pub ended: Vec<AuditRestoreId>,
}

/// Tenants that are served and have segments to be brought back, or records to be taken again.
pub async fn tenants_with_work(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT x.tenant FROM (
                 SELECT tenant FROM audit_restore WHERE state = 'waiting' OR (state = 'done' AND expires_at <= $1)
                 UNION
                 SELECT b.tenant FROM audit_restored b JOIN audit_restore r ON r.tenant = b.tenant AND r.id = b.restore
                 WHERE r.state IN ('ended', 'failed')
             ) AS x JOIN tenant t ON t.id = x.tenant WHERE t.status = 'active' ORDER BY x.tenant LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// What there is to do for the scope's tenant.
pub async fn work(scope: &mut impl Scope) -> Result<Work> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let open: Vec<(Uuid, String, i64)> = rows!(
        scope,
        "SELECT id, state, expires_at FROM audit_restore WHERE tenant = $1 AND state IN ('waiting', 'done') ORDER BY created_at, id",
        tenant.uuid()
    )?;
    let ended: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT DISTINCT r.id FROM audit_restore r JOIN audit_restored b ON b.tenant = r.tenant AND b.restore = r.id
         WHERE r.tenant = $1 AND r.state IN ('ended', 'failed')",
        tenant.uuid()
    )?;
    let mut work = Work { ended: ended.into_iter().map(|(id,)| id.into()).collect(), ..Work::default() };
    for (id, state, expires_at) in open {
        if Timestamp::from_micros(expires_at) <= now {
            work.over.push(id.into());
        } else if state == "waiting" {
            work.waiting.push(id.into());
        }
    }
    Ok(work)
}
