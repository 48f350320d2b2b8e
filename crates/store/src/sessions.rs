//! Sessions: stored by the hash of their token.

use bailiwick_domain::{
    entity::{Session, SignInMethod},
    ids::{SessionId, UserId},
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, locked, row, rows},
    tx::{Opened, Scope, Tx},
};

#[derive(FromRow)]
pub(crate) struct Row {
    #[sqlx(try_from = "Uuid")]
    pub(crate) session_id: SessionId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    #[sqlx(try_from = "String")]
    method: SignInMethod,
    #[sqlx(try_from = "i64")]
    session_created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    last_seen_at: Timestamp,
    #[sqlx(try_from = "i64")]
    idle_until: Timestamp,
    #[sqlx(try_from = "i64")]
    absolute_until: Timestamp,
    ended_at: Option<i64>,
}

impl From<Row> for Session {
    fn from(row: Row) -> Self {
        Self {
            id: row.session_id,
            user: row.user_id,
            method: row.method,
            created_at: row.session_created_at,
            last_seen_at: row.last_seen_at,
            idle_until: row.idle_until,
            absolute_until: row.absolute_until,
            ended_at: row.ended_at.map(Timestamp::from_micros),
        }
    }
}

/// Stores a session beside the hash of its token.
///
/// The records of the transaction then name its user as the actor, unless the server itself acts.
pub async fn insert(tx: &mut Tx, session: Session, token: &TokenHash) -> Result<Written<Session>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO session (tenant, id, user_id, token_hash, method, created_at, last_seen_at, idle_until, absolute_until, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        session.id.uuid(),
        session.user.uuid(),
        &token.as_bytes()[..],
        session.method.name(),
        session.created_at.micros(),
        session.last_seen_at.micros(),
        session.idle_until.micros(),
        session.absolute_until.micros(),
        session.ended_at.map(Timestamp::micros)
    )?;
    tx.opened = Some(Opened { user: session.user, session: session.id, method: session.method });
    Ok(Written::created(session))
}

/// A user's live sessions, newest first.
pub async fn live_of(scope: &mut impl Scope, user: UserId) -> Result<Vec<Session>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at FROM session
         WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL AND idle_until > $3 AND absolute_until > $3 ORDER BY created_at DESC LIMIT 100",
        tenant.uuid(),
        user.uuid(),
        now.micros()
    )?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// The session with this token, live or not.
pub async fn by_token(scope: &mut impl Scope, token: &TokenHash) -> Result<Option<Session>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at FROM session
         WHERE tenant = $1 AND token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    Ok(row.map(Session::from))
}

/// Reads a session for changing.
pub async fn lock(tx: &mut Tx, id: SessionId) -> Result<Session> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at FROM session
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.into())
}

/// Ends a locked session at once.
pub async fn end(tx: &mut Tx, before: Session) -> Result<Written<Session>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE session SET ended_at = $3 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL",
        tenant.uuid(),
        before.id.uuid(),
        now.micros()
    )?;
    let after = Session { ended_at: Some(now), ..before.clone() };
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}
