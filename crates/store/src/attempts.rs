//! Attempts to sign in, and how many of them count against the next one.

use std::collections::BTreeMap;

use bailiwick_domain::{
    entity::{Attempt, AttemptOutcome, Session, SignInMethod},
    ids::{AttemptId, SessionId, UserId},
    rule::Rule,
    time::Timestamp,
};

use crate::{
    Permit, Result, Store, Written,
    lock::{execute, row, rows},
    tx::{Scope, Tx},
    upkeep,
};

/// Wrong guesses of one source that are looked back at.
const STRIKES: i64 = 1000;

/// Where an attempt came from, in tags.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin<'a> {
    /// The keyed tag of the address; unknown addresses count together.
    pub source: Option<&'a [u8; 32]>,
    /// The keyed tag of the browser, where the person is known to have signed in from it.
    pub device: Option<&'a [u8; 32]>,
    /// The session that waits for the code, or in which the password was asked for.
    pub session: Option<SessionId>,
}

/// Stores an attempt to sign in, with where it came from.
pub async fn insert(tx: &mut Tx, attempt: Attempt, origin: Origin<'_>) -> Result<Written<Attempt>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO sign_in_attempt (tenant, id, user_id, factor, source, outcome, at, session, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        attempt.id.uuid(),
        attempt.user.uuid(),
        attempt.factor.as_str(),
        source_bytes(origin.source),
        attempt.outcome.name(),
        attempt.at.micros(),
        origin.session.map(SessionId::uuid),
        origin.device.map(|tag| tag.to_vec())
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

/// When what still counts was refused at an account with one factor, newest first, in a list for each source: since `since` and
/// since the last accepted attempt from there.
pub async fn strikes_by_source(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    since: Timestamp,
) -> Result<Vec<Vec<Timestamp>>> {
    let tenant = scope.tenant();
    let found: Vec<(Vec<u8>, i64)> = rows!(
        scope,
        "SELECT a.source, a.at FROM sign_in_attempt a
         WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor = $3 AND a.at >= $4 AND a.outcome = 'refused'
           AND a.at > coalesce((SELECT max(b.at) FROM sign_in_attempt b WHERE b.tenant = $1 AND b.user_id = $2 AND b.factor = $3
                                AND b.source = a.source AND b.outcome = 'accepted' AND b.at >= $4), 0)
         ORDER BY a.at DESC LIMIT $5",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        10 * STRIKES
    )?;
    let mut sources: BTreeMap<Vec<u8>, Vec<Timestamp>> = BTreeMap::new();
    for (source, at) in found {
        sources.entry(source).or_default().push(Timestamp::from_micros(at));
    }
    Ok(sources.into_values().collect())
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
    let outcome = AttemptOutcome::Unlocked;
    let note = Attempt { id, user, factor: ANY.to_owned(), outcome, at, known_device: false };
    insert(tx, note, Origin::default()).await
}

/// When what still counts was refused at an account with one factor from one source, newest first: since `since` and since the
/// last accepted one from there.
pub async fn strikes_from(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    source: Option<&[u8; 32]>,
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let tenant = scope.tenant();
    let found: Vec<(i64,)> = rows!(
        scope,
        "SELECT a.at FROM sign_in_attempt a WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor = $3 AND a.source = $5 AND a.outcome = 'refused' AND a.at >= $4
         AND a.at > coalesce((SELECT max(b.at) FROM sign_in_attempt b WHERE b.tenant = $1 AND b.user_id = $2 AND b.factor = $3
                              AND b.source = $5 AND b.outcome = 'accepted' AND b.at >= $4), 0) ORDER BY a.at DESC LIMIT $6",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        source_bytes(source),
        STRIKES
    )?;
    Ok(found.into_iter().map(|(at,)| Timestamp::from_micros(at)).collect())
}

/// As [`strikes_from`], from one known device, wherever it was.
pub async fn strikes_of_device(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    device: &[u8; 32],
    since: Timestamp,
) -> Result<Vec<Timestamp>> {
    let tenant = scope.tenant();
    let found: Vec<(i64,)> = rows!(
        scope,
        "SELECT a.at FROM sign_in_attempt a WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor = $3 AND a.device = $5 AND a.outcome = 'refused' AND a.at >= $4
         AND a.at > coalesce((SELECT max(b.at) FROM sign_in_attempt b WHERE b.tenant = $1 AND b.user_id = $2 AND b.factor = $3
                              AND b.device = $5 AND b.outcome = 'accepted' AND b.at >= $4), 0) ORDER BY a.at DESC LIMIT $6",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        device.to_vec(),
        STRIKES
    )?;
    Ok(found.into_iter().map(|(at,)| Timestamp::from_micros(at)).collect())
}

/// Counts an attempt that was turned away unseen, with where it came from, a moment after the answer: see `upkeep`.
pub fn turned_away<R: Rule>(store: &Store, permit: &Permit<R>, user: UserId, factor: &'static str) {
    if let Some(tenant) = permit.tenant() {
        let directory = &store.shared.keys.directory;
        let source = permit.request().ip.map(|ip| directory.ip_tag(&tenant.bytes(), ip));
        upkeep::turned_away(store, tenant, user, factor, source.as_ref());
    }
}

/// Attempts that were turned away unseen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnedAway {
    /// How many.
    pub attempts: i64,
    /// Sources that were told apart; unknown ones are one together.
    pub sources: i64,
    /// How many came from the source with the most of them.
    pub from_one: i64,
    /// How many came from further sources, which were not told apart.
    pub from_others: i64,
}

/// Attempts at an account that were turned away unseen, with whatever factor, in the hours since `since`.
pub async fn turned_away_since(scope: &mut impl Scope, user: UserId, since: Timestamp) -> Result<TurnedAway> {
    let tenant = scope.tenant();
    let counts: Vec<(Vec<u8>, i64)> = rows!(
        scope,
        "SELECT source, turned_away FROM sign_in_tally WHERE tenant = $1 AND user_id = $2 AND hour >= $3",
        tenant.uuid(),
        user.uuid(),
        upkeep::hour_of(since)
    )?;
    let mut sources: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for (source, count) in counts {
        let sum = sources.entry(source).or_default();
        *sum = sum.saturating_add(count);
    }
    let from_others = sources.remove(upkeep::OTHERS).unwrap_or_default();
    Ok(TurnedAway {
        attempts: sources.values().fold(from_others, |sum, count| sum.saturating_add(*count)),
        sources: i64::try_from(sources.len()).unwrap_or(i64::MAX),
        from_one: sources.values().copied().max().unwrap_or_default(),
        from_others,
    })
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

/// When the refused attempt was made that is the `place`-th from the newest on, of those from every source together since `since`;
/// nothing where there are fewer.
pub async fn refused_before_last(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    since: Timestamp,
    place: i64,
) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT at FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND outcome = 'refused'
         ORDER BY at DESC LIMIT 1 OFFSET $5",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        place - 1
    )?;
    Ok(found.map(|(at,)| Timestamp::from_micros(at)))
}

/// Whether an attempt at this account and factor, from whatever source, came out like this since `since`.
pub async fn any_since(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
    outcome: AttemptOutcome,
    since: Timestamp,
) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT at FROM sign_in_attempt WHERE tenant = $1 AND user_id = $2 AND factor = $3 AND at >= $4 AND outcome = $5 LIMIT 1",
        tenant.uuid(),
        user.uuid(),
        factor,
        since.micros(),
        outcome.name()
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

/// Right passwords since `since` after which a second factor has to follow and none has. A passkey is shown without the session that
/// waits; each one that was taken counts for one of them.
pub async fn unanswered_since(scope: &mut impl Scope, user: UserId, since: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT (SELECT count(*) FROM session s WHERE s.tenant = $1 AND s.user_id = $2 AND s.created_at > $3 AND s.method = $4
                   AND NOT EXISTS (SELECT 1 FROM sign_in_attempt a WHERE a.tenant = $1 AND a.user_id = $2 AND a.factor IN ('totp', 'recovery')
                                   AND a.at > $3 AND a.session = s.id AND a.outcome = 'accepted'))
              - (SELECT count(*) FROM sign_in_attempt p WHERE p.tenant = $1 AND p.user_id = $2 AND p.factor = 'passkey' AND p.at > $3
                   AND p.outcome = 'accepted')",
        tenant.uuid(),
        user.uuid(),
        since.micros(),
        SignInMethod::PasswordOnly.name()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// An unknown source is stored as nothing, so that all unknown sources count together.
pub(crate) fn source_bytes(source: Option<&[u8; 32]>) -> Vec<u8> {
    source.map(|tag| tag.to_vec()).unwrap_or_default()
}
