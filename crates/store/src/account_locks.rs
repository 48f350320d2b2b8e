//! Accounts at which nothing is taken from unknown devices for now: one row for each factor until its end is recorded.
//!
//! A row decides nothing. Whether somebody has to wait follows from the attempts; the row says where a job has to look when the
//! time is over, also after a restart.

use bailiwick_domain::{
    ids::{TenantId, UserId},
    time::Timestamp,
};
use uuid::Uuid;

use crate::{
    Result, Store,
    conn::on,
    lock::{execute, rows},
    mail::find_tenants,
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Tenants at most in one round.
const TENANTS: i64 = 256;

/// Notes that nothing is taken with this factor at a locked user's account, and that it has to be looked at again at `ends_at`.
/// What was noted before gives way.
pub async fn note(tx: &mut Tx, user: UserId, factor: &str, ends_at: Timestamp) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO account_lock (tenant, user_id, factor, ends_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, user_id, factor) DO UPDATE SET ends_at = excluded.ends_at",
        tenant.uuid(),
        user.uuid(),
        factor,
        ends_at.micros()
    )?;
    Ok(())
}

/// Whether there was a note of this user and factor, which is gone now.
pub async fn forget(tx: &mut Tx, user: UserId, factor: &str) -> Result<bool> {
    let tenant = tx.tenant();
    let gone = execute!(
        tx,
        "DELETE FROM account_lock WHERE tenant = $1 AND user_id = $2 AND factor = $3",
        tenant.uuid(),
        user.uuid(),
        factor
    )?;
    Ok(gone == 1)
}

/// Forgets every note of a locked user, whom somebody lets try again.
pub async fn forget_all(tx: &mut Tx, user: UserId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(tx, "DELETE FROM account_lock WHERE tenant = $1 AND user_id = $2", tenant.uuid(), user.uuid())?;
    Ok(())
}

/// The tenants with accounts to look at by now, up to a bound.
pub async fn tenants_due(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as("SELECT DISTINCT tenant FROM account_lock WHERE ends_at <= $1 LIMIT $2")
            .bind(now.micros())
            .bind(TENANTS)
            .fetch_all(c)
            .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The accounts and factors of the scope's tenant to look at by now, up to a page of them.
pub async fn due(scope: &mut impl Scope) -> Result<Vec<(UserId, String)>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let found: Vec<(Uuid, String)> = rows!(
        scope,
        "SELECT user_id, factor FROM account_lock WHERE tenant = $1 AND ends_at <= $2 ORDER BY ends_at, user_id, factor LIMIT $3",
        tenant.uuid(),
        now.micros(),
        LIMIT
    )?;
    Ok(found.into_iter().map(|(user, factor)| (user.into(), factor)).collect())
}
