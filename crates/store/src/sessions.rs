//! Sessions: stored by the hash of their token.

use bailiwick_domain::{
    entity::{Browser, Network, Place, Session, SignInMethod, System},
    ids::{SessionId, TeamId, UserId},
    role::RoleName,
    time::{Span, Timestamp},
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Opened, Scope, Tx},
};

/// No session lasts longer than a policy may say, so older ones need not be looked at.
const LONGEST: Span = Span::days(31);
/// Live sessions of one person at most, and as many again that wait for a second factor, twice: those begun on a device that the
/// person is known by, and those begun elsewhere. Whoever has only the password ends none of the first two. Together they are no
/// more than are listed.
pub const OF_PERSON: i64 = 50;
/// A token that was replaced is taken for so long: the other requests of one page were on their way with it.
const OVERLAP: Span = Span::seconds(5);

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
    #[sqlx(try_from = "String")]
    browser: Browser,
    #[sqlx(try_from = "String")]
    system: System,
    #[sqlx(try_from = "String")]
    place: Place,
    #[sqlx(try_from = "String")]
    network: Network,
    renewed_at: Option<i64>,
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
            browser: row.browser,
            system: row.system,
            place: row.place,
            network: row.network,
            renewed_at: row.renewed_at.map(Timestamp::from_micros),
        }
    }
}

/// Stores a session beside the hash of its token, the keyed tag of the address that it was opened from and that of the device, where
/// the person was known by it.
///
/// The records of the transaction then name its user as the actor, unless the server itself acts.
pub async fn insert(
    tx: &mut Tx,
    session: Session,
    token: &TokenHash,
    source: Option<&[u8; 32]>,
    device: Option<&[u8; 32]>,
) -> Result<Written<Session>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO session (tenant, id, user_id, token_hash, method, created_at, last_seen_at, idle_until, absolute_until, ended_at,
                              browser, system, place, network, renewed_at, source, device, privileges)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                 (SELECT privileges FROM users WHERE tenant = $1 AND id = $3))",
        tenant.uuid(),
        session.id.uuid(),
        session.user.uuid(),
        &token.as_bytes()[..],
        session.method.name(),
        session.created_at.micros(),
        session.last_seen_at.micros(),
        session.idle_until.micros(),
        session.absolute_until.micros(),
        session.ended_at.map(Timestamp::micros),
        session.browser.name(),
        session.system.name(),
        session.place.name(),
        session.network.name(),
        session.renewed_at.map(Timestamp::micros),
        source.map(|tag| tag.to_vec()),
        device.map(|tag| tag.to_vec())
    )?;
    tx.opened = Some(Opened { user: session.user, session: session.id, method: session.method });
    Ok(Written::created(session))
}

/// A user's live sessions, newest first.
pub async fn live_of(scope: &mut impl Scope, user: UserId) -> Result<Vec<Session>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at, browser, system, place, network, renewed_at FROM session
         WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL AND idle_until > $3 AND absolute_until > $3 ORDER BY created_at DESC LIMIT 150",
        tenant.uuid(),
        user.uuid(),
        now.micros()
    )?;
    Ok(rows.into_iter().map(Session::from).collect())
}

/// The live sessions of a locked user that have to end before another one begins, the oldest last: none as a rule. Those that wait
/// for a second factor are none of them: see [`waiting_of`].
pub async fn beyond(scope: &mut impl Scope, user: UserId) -> Result<Vec<SessionId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM session WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL AND idle_until > $3 AND absolute_until > $3
           AND method <> $4 ORDER BY created_at DESC, id DESC LIMIT 100 OFFSET $5",
        tenant.uuid(),
        user.uuid(),
        now.micros(),
        SignInMethod::PasswordOnly.name(),
        OF_PERSON - 1
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// A live session that waits for its second factor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The session.
    pub id: SessionId,
    /// Where it was begun: the keyed tag of the device that the person was known by, or else of the address, if there was any.
    pub from: Option<Vec<u8>>,
}

/// The live sessions of a locked user that wait for a second factor, newest first: those begun on a device that the person was
/// known by, or those begun elsewhere.
pub async fn waiting_of(scope: &mut impl Scope, user: UserId, known: bool) -> Result<Vec<Waiting>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let found: Vec<(Uuid, Option<Vec<u8>>)> = rows!(
        scope,
        "SELECT id, coalesce(device, source) FROM session WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL AND idle_until > $3 AND absolute_until > $3
           AND method = $4 AND (device IS NOT NULL) = ($5 = 1) ORDER BY created_at DESC, id DESC LIMIT 100",
        tenant.uuid(),
        user.uuid(),
        now.micros(),
        SignInMethod::PasswordOnly.name(),
        i64::from(known)
    )?;
    Ok(found.into_iter().map(|(id, from)| Waiting { id: id.into(), from }).collect())
}

/// When a user last opened a session that does not wait for a second factor; nothing for whoever never did.
pub async fn last_opened(scope: &mut impl Scope, user: UserId) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let last: Option<(i64,)> = row!(
        scope,
        "SELECT created_at FROM session WHERE tenant = $1 AND user_id = $2 AND method <> $3 ORDER BY created_at DESC LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        SignInMethod::PasswordOnly.name()
    )?;
    Ok(last.map(|(at,)| Timestamp::from_micros(at)))
}

/// The session with this token, live or not.
pub async fn by_token(scope: &mut impl Scope, token: &TokenHash) -> Result<Option<Session>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at, browser, system, place, network, renewed_at FROM session
         WHERE tenant = $1 AND token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    Ok(row.map(Session::from))
}

/// One session, live or not.
pub async fn find(scope: &mut impl Scope, id: SessionId) -> Result<Session> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at, browser, system, place, network, renewed_at FROM session
         WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.ok_or(Error::NotFound)?.into())
}

/// Reads a session for changing.
pub async fn lock(tx: &mut Tx, id: SessionId) -> Result<Session> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id AS session_id, user_id, method, created_at AS session_created_at, last_seen_at, idle_until, absolute_until, ended_at, browser, system, place, network, renewed_at FROM session
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

/// Whether the user ever got all the way in from the address with this tag.
pub async fn came_from(scope: &mut impl Scope, user: UserId, source: Option<&[u8; 32]>) -> Result<bool> {
    let (tenant, Some(source)) = (scope.tenant(), source) else { return Ok(false) };
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT created_at FROM session WHERE tenant = $1 AND user_id = $2 AND source = $3 AND method <> $4 LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        source.to_vec(),
        SignInMethod::PasswordOnly.name()
    )?;
    Ok(found.is_some())
}

/// A session with whose it is.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// Its user's name.
    pub name: String,
    /// Its user's address.
    pub email: String,
    /// Its user's role.
    pub role: RoleName,
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    session: Row,
    name: String,
    email: String,
    role: String,
}

/// The tenant's live sessions, newest first.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Listed>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<ListedRow> = rows!(
        scope,
        "SELECT s.id AS session_id, s.user_id, s.method, s.created_at AS session_created_at, s.last_seen_at, s.idle_until, s.absolute_until, s.ended_at,
                s.browser, s.system, s.place, s.network, s.renewed_at, u.name, u.email, u.role
         FROM session s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id
         WHERE s.tenant = $1 AND s.ended_at IS NULL AND s.created_at > $2 AND s.idle_until > $3 AND s.absolute_until > $3
           AND (s.created_at, s.id) < ($4, $5) ORDER BY s.created_at DESC, s.id DESC LIMIT $6",
        tenant.uuid(),
        (now - LONGEST).micros(),
        now.micros(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let listed = |row: ListedRow| {
        let role = row.role.parse().map_err(|_| Error::Corrupt("users.role".into()))?;
        Ok(Listed { session: row.session.into(), name: row.name, email: row.email, role })
    };
    let rows = rows.into_iter().map(listed).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.session.created_at, id: row.session.id.uuid() }))
}

/// Notes that what a locked user may do has changed, or what they proved: each of their sessions gets a new token with its next
/// request.
pub async fn outdate(tx: &mut Tx, user: UserId) -> Result<()> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE users SET privileges = privileges + 1 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    if touched == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// As [`outdate`], for everybody who holds this role alone or through a team.
pub async fn outdate_holders(tx: &mut Tx, role: RoleName) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE users SET privileges = privileges + 1 WHERE tenant = $1 AND (role = $2 OR id IN (
            SELECT m.user_id FROM team_role t JOIN team_member m ON m.tenant = t.tenant AND m.team = t.team WHERE t.tenant = $1 AND t.role = $2))",
        tenant.uuid(),
        role.name()
    )?;
    Ok(())
}

/// As [`outdate`], for every member of this team.
pub async fn outdate_members(tx: &mut Tx, team: TeamId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE users SET privileges = privileges + 1 WHERE tenant = $1 AND id IN (SELECT user_id FROM team_member WHERE tenant = $1 AND team = $2)",
        tenant.uuid(),
        team.uuid()
    )?;
    Ok(())
}

/// Replaces the token of a session that has seen `privileges` changes of what its user may do. Nothing if another request of
/// the same browser was quicker, or the session has ended.
pub(crate) async fn renew(
    tx: &mut Tx,
    before: Session,
    old: &TokenHash,
    new: &TokenHash,
    privileges: i64,
) -> Result<Option<Written<Session>>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE session SET token_hash = $4, old_hash = $3, old_until = $5, privileges = $6, renewed_at = $7
         WHERE tenant = $1 AND id = $2 AND token_hash = $3 AND ended_at IS NULL",
        tenant.uuid(),
        before.id.uuid(),
        &old.as_bytes()[..],
        &new.as_bytes()[..],
        (now + OVERLAP).micros(),
        privileges,
        now.micros()
    )?;
    let after = Session { renewed_at: Some(now), ..before.clone() };
    Ok((touched == 1).then(|| Written::replaced(before, after)))
}
