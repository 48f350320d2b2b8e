//! Single permissions given to or taken from one user.

use bailiwick_domain::{
    entity::{Effect, Grant},
    ids::{GrantId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
};

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
        }
    }
}

/// The grants and denials of one user, by permission.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<Grant>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, permission, effect, reason, created_at FROM user_grant WHERE tenant = $1 AND user_id = $2 ORDER BY permission",
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
        "INSERT INTO user_grant (tenant, id, user_id, permission, effect, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        grant.id.uuid(),
        grant.user.uuid(),
        grant.permission.as_str(),
        grant.effect.name(),
        grant.reason.as_str(),
        grant.created_at.micros()
    )?;
    Ok(Written::created(grant))
}

/// Removes a grant or denial of this user.
pub async fn remove(tx: &mut Tx, user: UserId, id: GrantId) -> Result<Written<Grant>> {
    let tenant = tx.tenant();
    // Not locked: a lock takes the right to update, which nobody has here. Whoever comes second deletes nothing.
    let row: Option<Row> = row!(
        tx,
        "SELECT id, user_id, permission, effect, reason, created_at FROM user_grant WHERE tenant = $1 AND id = $2 AND user_id = $3",
        tenant.uuid(),
        id.uuid(),
        user.uuid()
    )?;
    let row = row.ok_or(Error::NotFound)?;
    let touched =
        execute!(tx, "DELETE FROM user_grant WHERE tenant = $1 AND id = $2", tenant.uuid(), id.uuid())?;
    if touched == 1 { Ok(Written::removed(row.into())) } else { Err(Error::NotFound) }
}
