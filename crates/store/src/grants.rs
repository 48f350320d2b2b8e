//! Single permissions given to or taken from one user, for good or until a moment.

use bailiwick_domain::{
    entity::{Effect, Grant},
    ids::{GrantId, TenantId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Store, Written,
    conn::on,
    lock::{execute, locked, rows},
    mail::find_tenants,
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Tenants at most in one round of recording ends.
const TENANTS: i64 = 256;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: GrantId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    permission: String,
    #[sqlx(try_from = "String")]
    effect: Effect,
    reason: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    expires_at: Option<i64>,
    ended_at: Option<i64>,
}

impl From<Row> for Grant {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            permission: row.permission,
            effect: row.effect,
            reason: row.reason,
            created_at: row.created_at,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// The grants and denials of one user, by permission.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<Grant>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, permission, effect, reason, created_at, expires_at, ended_at FROM user_grant WHERE tenant = $1 AND user_id = $2 ORDER BY permission",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(rows.into_iter().map(Grant::from).collect())
}

/// Stores a grant or denial; one per user and permission.
pub async fn insert(tx: &mut Tx, grant: Grant) -> Result<Written<Grant>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO user_grant (tenant, id, user_id, permission, effect, reason, created_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        grant.id.uuid(),
        grant.user.uuid(),
        grant.permission.as_str(),
        grant.effect.name(),
        grant.reason.as_str(),
        grant.created_at.micros(),
        grant.expires_at.map(Timestamp::micros),
        grant.ended_at.map(Timestamp::micros)
    )?;
    Ok(Written::created(grant))
}

/// Reads a grant or denial of this user for changing.
pub async fn lock(tx: &mut Tx, user: UserId, id: GrantId) -> Result<Grant> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, user_id, permission, effect, reason, created_at, expires_at, ended_at FROM user_grant WHERE tenant = $1 AND id = $2 AND user_id = $3",
        tenant.uuid(),
        id.uuid(),
        user.uuid()
    )?;
    Ok(row.into())
}

/// Removes a locked grant or denial.
pub async fn remove(tx: &mut Tx, grant: Grant) -> Result<Written<Grant>> {
    let tenant = tx.tenant();
    let touched =
        execute!(tx, "DELETE FROM user_grant WHERE tenant = $1 AND id = $2", tenant.uuid(), grant.id.uuid())?;
    if touched == 1 { Ok(Written::removed(grant)) } else { Err(Error::NotFound) }
}

/// Notes that a locked grant or denial has ended by itself. Once: whoever comes second finds nothing.
pub async fn end(tx: &mut Tx, before: Grant) -> Result<Written<Grant>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE user_grant SET ended_at = $3 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL AND expires_at <= $3",
        tenant.uuid(),
        before.id.uuid(),
        now.micros()
    )?;
    let after = Grant { ended_at: Some(now), ..before.clone() };
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// The tenants with grants or denials whose end is to be recorded, up to a bound.
pub async fn tenants_ending(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT tenant FROM user_grant WHERE expires_at IS NOT NULL AND ended_at IS NULL AND expires_at <= $1 LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Grants and denials whose end is to be recorded, with whose they are, up to a page of them.
pub async fn ending(scope: &mut impl Scope) -> Result<Vec<(UserId, GrantId)>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid, Uuid)> = rows!(
        scope,
        "SELECT user_id, id FROM user_grant WHERE tenant = $1 AND expires_at IS NOT NULL AND ended_at IS NULL AND expires_at <= $2
         ORDER BY expires_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        LIMIT
    )?;
    Ok(ids.into_iter().map(|(user, id)| (user.into(), id.into())).collect())
}
