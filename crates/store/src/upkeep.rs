//! The writes that leave no audit record: a closed list, each with its reason.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bailiwick_domain::{
    entity::Session,
    ids::{TenantId, UserId},
    time::{Span, Timestamp},
};
use tokio::time::timeout;

use crate::{
    Result, Store,
    attempts::source_bytes,
    lock::{execute, rows},
    store::Quiet,
    tx::{Scope, Tx},
    users,
};

/// A session's last request is noted at most this often.
const SEEN_EVERY: Span = Span::minutes(1);

/// A request waits this long for the note to be taken, and then goes on without.
const PATIENCE: Duration = Duration::from_millis(500);

/// Notes that a session was used and moves its idle end.
///
/// Not audited: it says only that requests came, and every request that changed something has its own record.
///
/// A note that cannot be taken (the writer is busy, the disk is full) fails no request. The idle end is then where it was,
/// since nothing but what is stored extends a session, and the next request tries again.
pub(crate) async fn session_seen(store: &Store, tenant: TenantId, session: &Session, idle_minutes: i64) {
    let now = store.now();
    if now < session.last_seen_at + SEEN_EVERY {
        return;
    }
    let noted = timeout(PATIENCE, note(store, tenant, session, now, now + Span::minutes(idle_minutes)));
    match noted.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, cause = ?std::error::Error::source(&error), "the use of a session was not noted");
        }
        Err(_) => tracing::warn!("the use of a session was not noted: the database is busy"),
    }
}

async fn note(
    store: &Store,
    tenant: TenantId,
    session: &Session,
    now: Timestamp,
    idle_until: Timestamp,
) -> Result<()> {
    let mut tx = store.begin_keyless(tenant).await?;
    execute!(
        tx,
        "UPDATE session SET last_seen_at = $3, idle_until = $4 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL",
        tenant.uuid(),
        session.id.uuid(),
        now.micros(),
        idle_until.micros()
    )?;
    store.commit_quietly(tx, Quiet::SessionSeen).await
}

/// How long a count of attempts that were turned away is kept.
const TALLY_LASTS: Span = Span::days(90);
const HOUR: i64 = 3_600;

/// Sources that are told apart at one account in one hour; attempts of further ones are counted together.
pub(crate) const SOURCES: i64 = 20;
/// Stands for all further sources. The tag of a source is longer, and that of an unknown one is empty.
pub(crate) const OTHERS: &[u8] = b"others";

/// Counts that wait to be written at most; what has no room is not counted.
const TALLIES: usize = 10_000;
/// With so many of them, further sources are counted together from the beginning: whoever has many addresses takes the room of no
/// other account.
const TOLD_APART: usize = TALLIES / 2;

/// At which account and with which factor an attempt was turned away.
type Account = (TenantId, UserId, &'static str);
/// Counts of attempts by account and source.
type Counts = HashMap<(Account, Vec<u8>), i64>;

/// Counts of attempts that were turned away, until they are written.
#[derive(Default)]
pub(crate) struct Tallies(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    counts: Counts,
    /// Whether somebody is writing them.
    writing: bool,
}

impl Tallies {
    /// Adds one, and says whether it falls to the caller to have the counts written.
    fn add(&self, account: Account, source: Vec<u8>) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (account, source);
        if pending.counts.len() >= TOLD_APART && !pending.counts.contains_key(&key) {
            key.1 = OTHERS.to_vec();
        }
        if pending.counts.len() < TALLIES || pending.counts.contains_key(&key) {
            let count = pending.counts.entry(key).or_default();
            *count = count.saturating_add(1);
        }
        !std::mem::replace(&mut pending.writing, true)
    }

    /// What waits; nothing once there is none, and then nobody writes any more.
    fn take(&self) -> Option<Counts> {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = std::mem::take(&mut pending.counts);
        pending.writing = !counts.is_empty();
        pending.writing.then_some(counts)
    }
}

/// Counts an attempt that was turned away unseen.
///
/// Not audited: the first of them has a record of its own, and whoever sends the others decides how many there are. So there is
/// one row for each account, factor, hour and source, of which there are [`SOURCES`] at most, and it goes after ninety days. It is
/// written after the answer, many at a time by one task: an answer that waited for it would take longer than that to an address
/// that nobody has, and whoever asks could ask as often as they like. A count that cannot be written fails nothing; it stands in
/// the server's log.
pub(crate) fn turned_away(
    store: &Store,
    tenant: TenantId,
    user: UserId,
    factor: &'static str,
    source: Option<&[u8; 32]>,
) {
    if store.shared.tallies.add((tenant, user, factor), source_bytes(source)) {
        tokio::spawn(write(store.clone()));
    }
}

async fn write(store: Store) {
    while let Some(counts) = store.shared.tallies.take() {
        for ((account, source), count) in counts {
            if let Err(error) = tally(&store, account, &source, count).await {
                tracing::warn!(%error, cause = ?std::error::Error::source(&error), count, "attempts that were turned away were not counted");
            }
        }
    }
}

async fn tally(store: &Store, account: Account, source: &[u8], count: i64) -> Result<()> {
    let (tenant, user, factor) = account;
    let mut tx = store.begin_keyless(tenant).await?;
    let now = tx.now;
    // One server at a time counts the sources of an account.
    users::lock(&mut tx, user).await?;
    let source = if is_told_apart(&mut tx, user, hour_of(now), source).await? { source } else { OTHERS };
    execute!(
        tx,
        "INSERT INTO sign_in_tally (tenant, user_id, hour, factor, source, turned_away) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, user_id, hour, factor, source) DO UPDATE SET turned_away = sign_in_tally.turned_away + excluded.turned_away",
        tenant.uuid(),
        user.uuid(),
        hour_of(now),
        factor,
        source,
        count
    )?;
    execute!(
        tx,
        "DELETE FROM sign_in_tally WHERE tenant = $1 AND user_id = $2 AND hour < $3",
        tenant.uuid(),
        user.uuid(),
        hour_of(now - TALLY_LASTS)
    )?;
    store.commit_quietly(tx, Quiet::AttemptTurnedAway).await
}

/// Whether a source has a count of its own in this hour, or there is room for it.
async fn is_told_apart(tx: &mut Tx, user: UserId, hour: i64, source: &[u8]) -> Result<bool> {
    let tenant = tx.tenant();
    let found: Vec<(Vec<u8>,)> = rows!(
        tx,
        "SELECT DISTINCT source FROM sign_in_tally WHERE tenant = $1 AND user_id = $2 AND hour = $3 AND source <> $4",
        tenant.uuid(),
        user.uuid(),
        hour,
        OTHERS
    )?;
    let room = i64::try_from(found.len()).is_ok_and(|sources| sources < SOURCES);
    Ok(room || found.iter().any(|(known,)| known == source))
}

/// The hour of a moment, counted from 1970.
pub(crate) fn hour_of(at: Timestamp) -> i64 {
    i64::try_from(at.unix_seconds()).unwrap_or(i64::MAX) / HOUR
}
