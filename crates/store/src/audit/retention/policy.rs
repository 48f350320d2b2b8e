//! How long records of a class are kept.

use bailiwick_domain::{
    entity::{AuditRetention, Entity as _},
    ids::TenantId,
    retention::Days,
};
use uuid::Uuid;

use crate::{
    Result, Store, Written,
    conn::on,
    lock::{execute, row, rows},
    mail::find_tenants,
    tx::{Scope, Tx},
};

/// Tenants at most in one look.
const TENANTS: i64 = 256;

/// The days that are set, by class.
pub async fn days(scope: &mut impl Scope) -> Result<Days> {
    let tenant = scope.tenant();
    let found: Vec<(String, i64)> = rows!(
        scope,
        "SELECT class, days FROM audit_retention WHERE tenant = $1 ORDER BY class",
        tenant.uuid()
    )?;
    Ok(found.into_iter().collect())
}

/// Sets the days of a class, or has it kept for good. Whoever calls it has locked the tenant's policy.
pub async fn set(tx: &mut Tx, class: &str, to: Option<i64>) -> Result<Written<AuditRetention>> {
    let tenant = tx.tenant();
    let before = days(tx).await?;
    // Where nothing was ever set, there was no such thing before.
    let known: Option<(i64,)> = row!(
        tx,
        "SELECT revision FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        AuditRetention::KIND,
        tenant.uuid()
    )?;
    let mut after = before.clone();
    match to {
        Some(to) => {
            execute!(
                tx,
                "INSERT INTO audit_retention (tenant, class, days) VALUES ($1, $2, $3) ON CONFLICT (tenant, class) DO UPDATE SET days = excluded.days",
                tenant.uuid(),
                class,
                to
            )?;
            after.insert(class.to_owned(), to);
        }
        None => {
            execute!(
                tx,
                "DELETE FROM audit_retention WHERE tenant = $1 AND class = $2",
                tenant.uuid(),
                class
            )?;
            after.remove(class);
        }
    }
    let image = |days| AuditRetention { id: tenant, days };
    Ok(match known {
        None => Written::created(image(after)),
        Some(_) => Written::replaced(image(before), image(after)),
    })
}

/// Tenants that are served and have days set, behind `after` in the order of their ids.
pub async fn tenants_with_days(store: &Store, after: Option<TenantId>) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let after = after.map_or(Uuid::nil(), TenantId::uuid);
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT r.tenant FROM audit_retention r JOIN tenant t ON t.id = r.tenant
             WHERE r.tenant > $1 AND t.status = 'active' ORDER BY r.tenant LIMIT $2",
        )
        .bind(after)
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}
