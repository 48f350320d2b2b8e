//! Moving from one root key to another: which one wraps, what the others still wrap, and wrapping it anew.
//!
//! The holders of the root keys are asked between transactions and never within one. A key is put in the place of another only where
//! that still stands as it was read, and only by the server that holds the lease of the move.

use bailiwick_domain::{
    entity::{RootMove, RootMoveState},
    ids::{RootMoveId, TenantId},
    rule::ByJob,
    time::{Span, Timestamp},
};
use bailiwick_vault::{
    keyring::{KeyringError, WrappedKey},
    provider::{KeyId, ProviderError},
};
use sqlx::FromRow;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store, Written,
    conn::on,
    lock::{execute, locked, row},
    mail::find_tenants,
    store::{Quiet, enter},
    tx::{Scope, Tx},
};

/// Keys in one step.
const STEP: i64 = 256;
/// How many of them are asked for at once.
const AT_ONCE: usize = 16;
/// How long a server holds a move that it does not go on with.
const LEASE: Span = Span::seconds(30);
/// Root keys in one answer.
const ROOTS: i64 = 100;

/// A move with its times and how far it has come.
#[derive(Clone, Debug)]
pub struct Move {
    /// The move.
    pub root_move: RootMove,
    /// The tenant that its records stand in, the platform's.
    pub tenant: TenantId,
    /// Keys that were wrapped anew.
    pub moved: i64,
    /// Keys that still had to be when it was looked at last.
    pub waiting: i64,
    /// Keys in a minute, by the last step.
    pub per_minute: i64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When a server went on with it last.
    pub looked_at: Timestamp,
    /// When it was finished or replaced.
    pub finished_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    tenant: TenantId,
    #[sqlx(try_from = "Uuid")]
    id: RootMoveId,
    from_root: String,
    to_root: String,
    #[sqlx(try_from = "String")]
    state: RootMoveState,
    weaker: bool,
    reason: String,
    trouble: Option<String>,
    keys: Option<i64>,
    moved: i64,
    waiting: i64,
    per_minute: i64,
    begun_at: i64,
    looked_at: i64,
    finished_at: Option<i64>,
}

impl From<Row> for Move {
    fn from(row: Row) -> Self {
        Self {
            tenant: row.tenant,
            root_move: RootMove {
                id: row.id,
                from: row.from_root,
                to: row.to_root,
                state: row.state,
                weaker: row.weaker,
                reason: row.reason,
                trouble: row.trouble,
                keys: row.keys,
            },
            moved: row.moved,
            waiting: row.waiting,
            per_minute: row.per_minute,
            begun_at: Timestamp::from_micros(row.begun_at),
            looked_at: Timestamp::from_micros(row.looked_at),
            finished_at: row.finished_at.map(Timestamp::from_micros),
        }
    }
}

/// The newest move, if there ever was one.
pub async fn newest_move(store: &Store) -> Result<Option<Move>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let found: Option<Row> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant, id, from_root, to_root, state, weaker, reason, trouble, keys, moved, waiting, per_minute, begun_at, looked_at, finished_at
             FROM root_move ORDER BY begun_at DESC LIMIT 1",
        )
        .fetch_optional(c)
        .await
    })?;
    Ok(found.map(Move::from))
}

/// One move.
pub async fn find_move(scope: &mut impl Scope, id: RootMoveId) -> Result<Move> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT tenant, id, from_root, to_root, state, weaker, reason, trouble, keys, moved, waiting, per_minute, begun_at, looked_at, finished_at
         FROM root_move WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.map(Move::from).ok_or(Error::NotFound)
}

/// Reads a move for changing.
pub async fn lock_move(tx: &mut Tx, id: RootMoveId) -> Result<Move> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT tenant, id, from_root, to_root, state, weaker, reason, trouble, keys, moved, waiting, per_minute, begun_at, looked_at, finished_at
         FROM root_move WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(found.into())
}

/// Stores a move that begins now, of so many keys.
pub async fn begin_move(tx: &mut Tx, root_move: RootMove, waiting: i64) -> Result<Written<RootMove>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "INSERT INTO root_move (tenant, id, from_root, to_root, state, weaker, reason, moved, waiting, per_minute, begun_at, looked_at, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, 0, $9, $9, 0)",
        tenant.uuid(),
        root_move.id.uuid(),
        root_move.from.as_str(),
        root_move.to.as_str(),
        root_move.state.name(),
        root_move.weaker,
        root_move.reason.as_str(),
        waiting,
        now.micros()
    )?;
    Ok(Written::created(root_move))
}

/// Replaces a locked move by what became of it.
pub async fn settle_move(tx: &mut Tx, before: RootMove, after: RootMove) -> Result<Written<RootMove>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let ended = (after.state != RootMoveState::Moving).then_some(now.micros());
    let touched = execute!(
        tx,
        "UPDATE root_move SET state = $3, trouble = $4, keys = $5, finished_at = $6, looked_at = $7,
             waiting = CASE WHEN $3 = 'finished' THEN 0 ELSE waiting END
         WHERE tenant = $1 AND id = $2 AND state = 'moving'",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.trouble.as_deref(),
        after.keys,
        ended,
        now.micros()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Has `server` go on with the move, unless another one does. Whoever goes on asks again within half a minute.
pub async fn hold_move(store: &Store, permit: &Permit<ByJob>, id: RootMoveId, server: Uuid) -> Result<bool> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let mut tx = store.begin_keyless(tenant).await?;
    let now = tx.now();
    let held = execute!(
        tx,
        "UPDATE root_move SET holder = $3, held_until = $4
         WHERE tenant = $1 AND id = $2 AND state = 'moving' AND (holder IS NULL OR holder = $3 OR held_until < $5)",
        tenant.uuid(),
        id.uuid(),
        server,
        (now + LEASE).micros(),
        now.micros()
    );
    match held {
        Ok(1) => {
            store.commit_quietly(tx, Quiet::RootMoveAdvanced).await?;
            Ok(true)
        }
        Ok(_) => {
            store.undo(tx).await;
            Ok(false)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}

/// The root keys that unwrap on this server, the one that wraps among them.
pub fn roots(store: &Store) -> Vec<String> {
    store.keys().keyring.roots().map(|id| id.as_str().to_owned()).collect()
}

/// The root key that wraps on this server.
pub fn leading_root(store: &Store) -> Option<String> {
    store.keys().keyring.provider().map(|provider| provider.key_id().as_str().to_owned())
}

/// How many keys each root key wraps, in all tenants.
pub async fn roots_in_use(store: &Store) -> Result<Vec<(String, i64)>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let found: Vec<(String, i64)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT provider_key, count(*) FROM tenant_key GROUP BY provider_key ORDER BY provider_key LIMIT $1",
        )
        .bind(ROOTS)
        .fetch_all(c)
        .await
    })?;
    Ok(found)
}

/// Has the root key wrap that the newest move leads to, where this server has it; returns that move.
pub async fn follow_move(store: &Store) -> Result<Option<Move>> {
    let found = newest_move(store).await?;
    if let Some(id) = found.as_ref().and_then(|found| KeyId::parse(&found.root_move.to)) {
        store.keys().keyring.lead(&id);
    }
    Ok(found)
}

/// Keys that a root key wraps, as they are stored.
#[derive(Debug)]
pub struct Batch {
    keys: Vec<WrappedKey>,
}

/// Behind which key to go on.
#[derive(Clone, Copy, Debug)]
pub struct After(Uuid, i64);

impl Batch {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Where to go on behind these.
    pub fn end(&self) -> Option<After> {
        self.keys.last().map(|key| After(Uuid::from_bytes(key.tenant), i64::from(key.version)))
    }
}

/// Some of the keys that the root key `root` wraps, of whatever tenant.
pub async fn wrapped_by(store: &Store, root: &str, after: Option<After>) -> Result<Batch> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let After(tenant, version) = after.unwrap_or(After(Uuid::nil(), 0));
    let found: Vec<(Uuid, i64, String, Vec<u8>)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant, version, provider_key, wrapped FROM tenant_key
             WHERE provider_key = $1 AND (tenant, version) > ($2, $3) ORDER BY tenant, version LIMIT $4",
        )
        .bind(root)
        .bind(tenant)
        .bind(version)
        .bind(STEP)
        .fetch_all(c)
        .await
    })?;
    let keys = found.into_iter().map(|(tenant, version, root, bytes)| {
        Ok(WrappedKey {
            tenant: tenant.into_bytes(),
            version: u32::try_from(version).map_err(|_| Error::Corrupt("tenant_key.version".into()))?,
            provider_key_id: KeyId::parse(&root)
                .ok_or_else(|| Error::Corrupt("tenant_key.provider_key".into()))?,
            bytes,
        })
    });
    Ok(Batch { keys: keys.collect::<Result<_>>()? })
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Anew {
    pairs: Vec<(WrappedKey, WrappedKey)>,
    /// Keys that did not unwrap, or not to the same again, each with what is wrong.
    pub refused: Vec<String>,
    /// Why a holder did not do it; what is left of the batch was not asked for.
    pub away: Option<String>,
}

impl Anew {
    fn take(&mut self, wrapped: WrappedKey, answer: Result<WrappedKey, KeyringError>) {
        match answer {
            Ok(anew) => self.pairs.push((wrapped, anew)),
            Err(KeyringError::Provider(error @ ProviderError::Unavailable(..))) => {
                self.away.get_or_insert(error.to_string());
            }
            Err(error) => {
                let tenant = TenantId::from_bytes(wrapped.tenant);
                tracing::error!(%tenant, version = wrapped.version, %error, "a tenant's key does not move to another root key");
                self.refused.push(format!("version {} of tenant {tenant}: {error}", wrapped.version));
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.pairs.extend(other.pairs);
        self.refused.extend(other.refused);
        self.away = self.away.take().or(other.away);
    }
}

/// Wraps a batch by the root key `to`, and has each key unwrapped again and compared. Asks both holders; nothing is stored yet.
pub async fn wrap_anew(store: &Store, batch: Batch, to: &str) -> Result<Anew> {
    let to = KeyId::parse(to).ok_or_else(|| Error::Corrupt("root_move.to_root".into()))?;
    let share = batch.keys.len().div_ceil(AT_ONCE).max(1);
    let mut work = JoinSet::new();
    let mut keys = batch.keys.into_iter().peekable();
    while keys.peek().is_some() {
        let (store, to) = (store.clone(), to.clone());
        let share: Vec<_> = keys.by_ref().take(share).collect();
        work.spawn(async move {
            let mut anew = Anew::default();
            for wrapped in share {
                let answer = store.keys().keyring.rewrap(&wrapped, &to).await;
                anew.take(wrapped, answer);
                if anew.away.is_some() {
                    break;
                }
            }
            anew
        });
    }
    let mut anew = Anew::default();
    while let Some(done) = work.join_next().await {
        anew.join(done.map_err(Error::vault)?);
    }
    // One order for everybody who changes several rows.
    anew.pairs.sort_by_key(|(key, _)| (key.tenant, key.version));
    Ok(anew)
}

/// How far a move has come with a step.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The move.
    pub id: RootMoveId,
    /// The server that holds it.
    pub server: Uuid,
    /// Keys that still had to be wrapped anew before the step.
    pub waiting: i64,
    /// When the step began.
    pub began: Timestamp,
}

/// Stores what [`wrap_anew`] made, in one transaction, with how far the move has come. Returns how many keys that were.
///
/// A key that was rotated away, destroyed or wrapped anew by somebody else meanwhile stays what it is. Not audited: the keys stay what
/// they are, and `root_key` of a [`TenantKey`](bailiwick_domain::entity::TenantKey) changes without a record.
///
/// # Errors
/// [`Error::Busy`] where another server holds the move by now; nothing was stored.
pub async fn put_anew(
    store: &Store,
    permit: &Permit<ByJob>,
    anew: &Anew,
    progress: Option<Progress>,
) -> Result<usize> {
    if anew.pairs.is_empty() {
        return Ok(0);
    }
    let home = permit.tenant().ok_or(Error::NotFound)?;
    let mut tx = store.begin_keyless(home).await?;
    match put(&mut tx, home, anew, progress).await {
        Ok(moved) => {
            store.commit_quietly(tx, Quiet::RootMoveAdvanced).await?;
            Ok(moved)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn put(tx: &mut Tx, home: TenantId, anew: &Anew, progress: Option<Progress>) -> Result<usize> {
    let (mut moved, mut within) = (0, home);
    for (before, after) in &anew.pairs {
        let tenant = TenantId::from_bytes(before.tenant);
        if within != tenant {
            enter(&mut tx.conn, tenant).await?;
            within = tenant;
        }
        moved += execute!(
            tx,
            "UPDATE tenant_key SET provider_key = $3, wrapped = $4 WHERE tenant = $1 AND version = $2 AND wrapped = $5",
            tenant.uuid(),
            i64::from(before.version),
            after.provider_key_id.as_str(),
            after.bytes.as_slice(),
            before.bytes.as_slice()
        )?;
    }
    if within != home {
        enter(&mut tx.conn, home).await?;
    }
    let moved = i64::try_from(moved).unwrap_or(i64::MAX);
    if let Some(Progress { id, server, waiting, began }) = progress {
        let now = tx.now();
        let took = now.micros().saturating_sub(began.micros()).max(1);
        let per_minute = moved.saturating_mul(60_000_000) / took;
        let noted = execute!(
            tx,
            "UPDATE root_move SET moved = moved + $4, waiting = $5, per_minute = $6, looked_at = $7, held_until = $8
             WHERE tenant = $1 AND id = $2 AND holder = $3 AND state = 'moving'",
            home.uuid(),
            id.uuid(),
            server,
            moved,
            (waiting - moved).max(0),
            per_minute,
            now.micros(),
            (now + LEASE).micros()
        )?;
        if noted != 1 {
            return Err(Error::Busy);
        }
    }
    Ok(usize::try_from(moved).unwrap_or(usize::MAX))
}
