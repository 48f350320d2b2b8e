//! How often keys are rotated.

use bailiwick_domain::{
    entity::{Entity, KeySchedule, ROTATION_DAYS},
    ids::TenantId,
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    Result, Store, Written,
    conn::on,
    lock::{execute, row},
    mail::find_tenants,
    tx::{Scope, Tx},
};

/// Tenants in one answer.
const TENANTS: i64 = 100;

/// How often the tenant's key is rotated.
pub async fn schedule(scope: &mut impl Scope) -> Result<KeySchedule> {
    let tenant = scope.tenant();
    let found: Option<(Option<i64>,)> =
        row!(scope, "SELECT rotation_days FROM key_schedule WHERE tenant = $1", tenant.uuid())?;
    Ok(KeySchedule { id: tenant, days: found.map_or(Some(ROTATION_DAYS), |(days,)| days) })
}

/// Sets it. The policy is locked.
pub async fn set_schedule(tx: &mut Tx, days: Option<i64>) -> Result<Written<KeySchedule>> {
    let tenant = tx.tenant();
    let before = schedule(tx).await?;
    // Where nothing was ever set, there was no such thing before.
    let known: Option<(i64,)> = row!(
        tx,
        "SELECT revision FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        KeySchedule::KIND,
        tenant.uuid()
    )?;
    execute!(
        tx,
        "INSERT INTO key_schedule (tenant, rotation_days) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET rotation_days = excluded.rotation_days",
        tenant.uuid(),
        days
    )?;
    let after = KeySchedule { id: tenant, days };
    Ok(match known {
        None => Written::created(after),
        Some(_) => Written::replaced(before, after),
    })
}

/// Tenants that are served and whose newest key is older than their schedule says, behind `after` in the order of their ids.
pub async fn tenants_due(store: &Store, after: Option<TenantId>, now: Timestamp) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let after = after.map_or(Uuid::nil(), TenantId::uuid);
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.id FROM tenant t LEFT JOIN key_schedule s ON s.tenant = t.id
             WHERE t.id > $1 AND t.status = 'active' AND (s.tenant IS NULL OR s.rotation_days IS NOT NULL)
               AND (SELECT k.created_at FROM tenant_key k WHERE k.tenant = t.id ORDER BY k.version DESC LIMIT 1)
                   <= $2 - COALESCE(s.rotation_days, $3) * 86400000000
             ORDER BY t.id LIMIT $4",
        )
        .bind(after)
        .bind(now.micros())
        .bind(ROTATION_DAYS)
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}
