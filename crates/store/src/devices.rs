//! Browsers that people signed in from: each by a keyed hash of what it carries.

use bailiwick_domain::{
    entity::{Browser, Device, System},
    ids::{SessionId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;

use crate::{
    Result,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
};

/// A browser that somebody signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// What it claimed to be.
    pub device: Device,
    /// The first sign-in from there.
    pub created_at: Timestamp,
    /// The last one.
    pub last_used_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "String")]
    browser: Browser,
    #[sqlx(try_from = "String")]
    system: System,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    last_used_at: Timestamp,
}

impl From<Row> for KnownDevice {
    fn from(row: Row) -> Self {
        Self {
            device: Device { browser: row.browser, system: row.system },
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// Whether the user signed in from the browser with this tag, and not too long ago.
pub async fn is_known(scope: &mut impl Scope, user: UserId, tag: &[u8; 32]) -> Result<bool> {
    let (tenant, since) = (scope.tenant(), scope.now() - scope.sign_in_limits().device_lasts);
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT last_used_at FROM known_device WHERE tenant = $1 AND user_id = $2 AND tag = $3 AND last_used_at > $4",
        tenant.uuid(),
        user.uuid(),
        tag.to_vec(),
        since.micros()
    )?;
    Ok(found.is_some())
}

/// The browsers that a user is known by, the last used first.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<KnownDevice>> {
    let (tenant, limits) = (scope.tenant(), scope.sign_in_limits());
    let since = scope.now() - limits.device_lasts;
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT browser, system, created_at, last_used_at FROM known_device WHERE tenant = $1 AND user_id = $2 AND last_used_at > $3
         ORDER BY last_used_at DESC, tag LIMIT $4",
        tenant.uuid(),
        user.uuid(),
        since.micros(),
        limits.devices
    )?;
    Ok(rows.into_iter().map(KnownDevice::from).collect())
}

/// A browser that somebody has just signed in from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What it is known by from now on.
    pub tag: &'a [u8; 32],
    /// What it was known by before, if it carried anything.
    pub before: Option<&'a [u8; 32]>,
    /// The session that was opened there.
    pub session: SessionId,
    /// What it claims to be.
    pub device: Device,
}

/// Remembers the browser of a locked user. Those that were used longest ago, and too long ago, are forgotten.
///
/// It needs no record of its own: the session that was opened with it has one.
pub async fn remember(tx: &mut Tx, user: UserId, seen: Seen<'_>) -> Result<()> {
    let (tenant, now, limits) = (tx.tenant(), tx.now(), tx.sign_in_limits());
    let mut first = now;
    if let Some(before) = seen.before {
        let found: Option<(i64,)> = row!(
            tx,
            "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2 AND tag = $3 RETURNING created_at",
            tenant.uuid(),
            user.uuid(),
            before.to_vec()
        )?;
        first = found.map_or(now, |(at,)| Timestamp::from_micros(at));
    }
    execute!(
        tx,
        "INSERT INTO known_device (tenant, user_id, tag, session, browser, system, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        user.uuid(),
        seen.tag.to_vec(),
        seen.session.uuid(),
        seen.device.browser.name(),
        seen.device.system.name(),
        first.micros(),
        now.micros()
    )?;
    // The one of this moment stays, whatever the others' moments are.
    execute!(
        tx,
        "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2 AND tag <> $3 AND (last_used_at <= $4 OR tag NOT IN (
             SELECT tag FROM known_device WHERE tenant = $1 AND user_id = $2 AND tag <> $3 ORDER BY last_used_at DESC, tag LIMIT $5))",
        tenant.uuid(),
        user.uuid(),
        seen.tag.to_vec(),
        (now - limits.device_lasts).micros(),
        (limits.devices - 1).max(0)
    )?;
    Ok(())
}

/// Forgets the browser that a session was opened in.
pub async fn forget(tx: &mut Tx, user: UserId, session: SessionId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2 AND session = $3",
        tenant.uuid(),
        user.uuid(),
        session.uuid()
    )?;
    Ok(())
}

/// Forgets every browser of a user but the one that a session was opened in: all of them where there is none.
pub async fn forget_all(tx: &mut Tx, user: UserId, but: Option<SessionId>) -> Result<()> {
    let tenant = tx.tenant();
    // No session has the id of nil bytes.
    let but = but.map_or_else(uuid::Uuid::nil, SessionId::uuid);
    execute!(
        tx,
        "DELETE FROM known_device WHERE tenant = $1 AND user_id = $2 AND session <> $3",
        tenant.uuid(),
        user.uuid(),
        but
    )?;
    Ok(())
}
