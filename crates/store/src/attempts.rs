//! Attempts to sign in, and how many of them count against the next one.

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, Session},
    ids::{AttemptId, SessionId, UserId},
    time::Timestamp,
};

use crate::{
    Result, Written,
    lock::{execute, row},
    tx::{Scope, Tx},
};

/// Stores an attempt to sign in, with the keyed tag of the address it came from and the session that waits for the code.
pub async fn insert(
    tx: &mut Tx,
    attempt: Attempt,
    source: Option<&[u8; 32]>,
    waiting: Option<SessionId>,
) -> Result<Written<Attempt>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO sign_in_attempt (tenant, id, user_id, factor, source, outcome, at, session) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        attempt.id.uuid(),
        attempt.user.uuid(),
        attempt.factor.as_str(),
        source_bytes(source),
        attempt.outcome.name(),
        attempt.at.micros(),
        waiting.map(SessionId::uuid)
    )?;
    Ok(Written::created(attempt))
}

/// The factor of a note that an account was unlocked: it is about all of them.
const ANY: &str = "any";

/// When somebody last let this person try again, if that was since `since`.
pub async fn unlocked_since(
    scope: &mut impl Scope,
    user: UserId,
    since: Timestamp,
) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let at: Option<(Option<i64>,)> = row!(
        scope,
        "SELECT max(at) FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND outcome = 'unlocked'",
        tenant.uuid(),
        user.uuid(),
        ANY,
        since.micros()
    )?;
    Ok(at.and_then(|(at,)| at).map(Timestamp::from_micros))
}

/// What is refused at an account with one factor, where that is as much as is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Sources that have to wait.
    pub sources: i64,
    /// The oldest of the guesses that count, of the source that has to wait longest: until this leaves the window.
    pub since: Timestamp,
}

/// The sources that were refused `guesses` times or more at an account with one factor, since `since` and since the last
/// accepted attempt from there.
pub async fn waiting(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    guesses: i64,
    since: Timestamp,
) -> Result<Option<Waiting>> {
    let tenant = scope.tenant();
    let found: Option<(i64, Option<i64>)> = row!(
        scope,
        "SELECT count(*), max(oldest) FROM (
             SELECT a.source, min(a.at) AS oldest FROM sign_in_attempt a
             WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor = $3 AND a.at >= $4 AND a.outcome = 'refused'
               AND a.at > coalesce((SELECT max(b.at) FROM sign_in_attempt b WHERE b.tenant = $1 AND b.user_id = $2 AND b.factor = $3
                                    AND b.source = a.source AND b.outcome = 'accepted' AND b.at >= $4), 0)
             GROUP BY a.source HAVING count(*) >= $5
         ) AS each_source",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        guesses
    )?;
    Ok(found.and_then(|(sources, oldest)| Some(Waiting { sources, since: Timestamp::from_micros(oldest?) })))
}

/// Whether attempts from this source at this account and factor were turned away since the last accepted one from there.
pub async fn was_limited(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    source: Option<&[u8; 32]>,
) -> Result<bool> {
    let tenant = scope.tenant();
    let last: Option<(String,)> = row!(
        scope,
        "SELECT outcome FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND source = $4
         AND outcome IN ('accepted', 'limited') ORDER BY at DESC, id DESC LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        factor,
        source_bytes(source)
    )?;
    Ok(last.is_some_and(|(outcome,)| outcome == AttemptOutcome::Limited.name()))
}

/// Notes that the person may try again: nothing that was refused before counts any more.
pub async fn unlock(tx: &mut Tx, id: AttemptId, user: UserId) -> Result<Written<Attempt>> {
    let at = tx.now();
    let note = Attempt { id, user, factor: ANY.to_owned(), outcome: AttemptOutcome::Unlocked, at };
    insert(tx, note, None, None).await
}

/// Refused attempts at an account with one factor from one source, since `since` and since the last accepted one from there.
pub async fn refused_since(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    source: Option<&[u8; 32]>,
    since: Timestamp,
) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM sign_in_attempt a WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor = $3 AND a.source = $5 AND a.outcome = 'refused' AND a.at >= $4
         AND a.at > coalesce((SELECT max(b.at) FROM sign_in_attempt b WHERE b.tenant = $1 AND b.user_id = $2 AND b.factor = $3
                              AND b.source = $5 AND b.outcome = 'accepted' AND b.at >= $4), 0)",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        source_bytes(source)
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Whether an attempt from this source at this account and factor was turned away unseen since `since`.
pub async fn limited_since(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    source: Option<&[u8; 32]>,
    since: Timestamp,
) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT at FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND source = $5 AND at >= $4 AND outcome = 'limited' LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        source_bytes(source)
    )?;
    Ok(found.is_some())
}

/// Refused attempts at an account with one factor from every source together, since `since`.
pub async fn refused_anywhere_since(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    since: Timestamp,
) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND outcome = 'refused'",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Whether an attempt at this account and factor, from whatever source, was turned away unseen since `since`.
pub async fn limited_anywhere_since(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    since: Timestamp,
) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT at FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND outcome = 'limited' LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros()
    )?;
    Ok(found.is_some())
}

/// Refused attempts with one factor in the session that waits for it, from whatever source.
pub async fn refused_in(scope: &mut impl Scope, waiting: &Session, factor: &str) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND session = $5 AND outcome = 'refused'",
        tenant.uuid(),
        waiting.user.uuid(),
        factor,
        waiting.created_at.micros(),
        waiting.id.uuid()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// An unknown source is stored as nothing, so that all unknown sources count together.
pub(crate) fn source_bytes(source: Option<&[u8; 32]>) -> Vec<u8> {
    source.map(|tag| tag.to_vec()).unwrap_or_default()
}
