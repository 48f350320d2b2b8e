//! Links that replace a forgotten password: stored by the hash of their token.

use bailiwick_domain::{entity::PasswordReset, ids::UserId, time::Timestamp};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;

use crate::{
    Error, Result, Written,
    attempts::source_bytes,
    links,
    lock::{execute, locked, row},
    tx::{Scope, Tx},
};

/// How many links were asked for.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Asked {
    /// For one account, from wherever.
    pub for_account: i64,
    /// From one source, for whatever account.
    pub from_source: i64,
}

/// Stores a link beside the hash of its token and the keyed tag of the address that asked for it.
pub async fn insert(
    tx: &mut Tx,
    reset: PasswordReset,
    token: &TokenHash,
    source: Option<&[u8; 32]>,
) -> Result<Written<PasswordReset>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO password_reset (tenant, id, user_id, token_hash, source, created_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        reset.id.uuid(),
        reset.user.uuid(),
        &token.as_bytes()[..],
        source_bytes(source),
        reset.created_at.micros(),
        reset.expires_at.micros(),
        reset.used_at.map(Timestamp::micros)
    )?;
    Ok(Written::created(reset))
}

/// The link with this token, whether it works or not.
pub async fn by_token(scope: &mut impl Scope, token: &TokenHash) -> Result<Option<PasswordReset>> {
    const SQL: &str = "SELECT id, user_id, created_at, expires_at, used_at FROM password_reset WHERE tenant = $1 AND token_hash = $2";
    links::by_token(scope, SQL, token).await
}

/// Reads the link with this token for changing.
pub async fn lock_by_token(tx: &mut Tx, token: &TokenHash) -> Result<PasswordReset> {
    let tenant = tx.tenant();
    let row: links::Row = locked!(
        tx,
        "SELECT id, user_id, created_at, expires_at, used_at FROM password_reset WHERE tenant = $1 AND token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    Ok(row.into())
}

/// A user's links that still work, oldest first. Whoever is about to change them has locked the user.
pub async fn live_of(scope: &mut impl Scope, user: UserId) -> Result<Vec<PasswordReset>> {
    const SQL: &str = "SELECT id, user_id, created_at, expires_at, used_at FROM password_reset
         WHERE tenant = $1 AND user_id = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY created_at, id";
    links::live_of(scope, SQL, user).await
}

/// Replaces a link, whose user is locked, by its new image: used, or at its end.
pub async fn replace(
    tx: &mut Tx,
    before: PasswordReset,
    after: PasswordReset,
) -> Result<Written<PasswordReset>> {
    const SQL: &str = "UPDATE password_reset SET used_at = $3, expires_at = $4 WHERE tenant = $1 AND id = $2 AND used_at IS NULL";
    links::replace(tx, SQL, before, after).await
}

/// Whether a link was ever made for a user, whatever became of it.
pub async fn was_any(scope: &mut impl Scope, user: UserId) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT created_at FROM password_reset WHERE tenant = $1 AND user_id = $2 LIMIT 1",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(found.is_some())
}

/// How many links were asked for since `since`: for this account, and from this source. Unknown sources count together.
pub async fn asked_since(
    scope: &mut impl Scope,
    user: UserId,
    source: Option<&[u8; 32]>,
    since: Timestamp,
) -> Result<Asked> {
    let tenant = scope.tenant();
    let row: Option<Asked> = row!(
        scope,
        "SELECT
             (SELECT count(*) FROM password_reset WHERE tenant = $1 AND user_id = $2 AND created_at > $4) AS for_account,
             (SELECT count(*) FROM password_reset WHERE tenant = $1 AND source = $3 AND created_at > $4) AS from_source",
        tenant.uuid(),
        user.uuid(),
        source_bytes(source),
        since.micros()
    )?;
    row.ok_or(Error::NotFound)
}
