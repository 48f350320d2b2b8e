//! Taking a stream, with what it sends next.

use bailiwick_domain::{
    entity::{Stream, StreamKind},
    ids::{StreamId, TenantId},
    rule::ByJob,
    stream::Leaf,
    time::{Span, Timestamp},
};
use bailiwick_vault::secret::Plaintext;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    Image,
    leaves::{self, Bounds, WINDOW},
    open, secret_row,
};
use crate::{
    Error, Permit, Result, Store,
    conn::on,
    lock::{execute, row, rows},
    mail::find_tenants,
    store::Quiet,
    tx::{Scope, Tx},
};

/// For how long a stream belongs to whoever took it. Longer than a parcel can take; after it, others may try.
const LEASE: Span = Span::minutes(5);

/// A stream with something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose log.
    pub tenant: TenantId,
    /// The stream.
    pub stream: StreamId,
}

/// A stream that was taken, with what it does next.
#[derive(Debug)]
pub struct Claimed {
    /// The stream.
    pub stream: Stream,
    /// Its address with credentials.
    pub place: Plaintext,
    /// What it signs with, the newest first.
    pub secrets: Vec<Plaintext>,
    /// What it does.
    pub work: Work,
    /// The number of this attempt at the same parcel, from 1.
    pub attempt: i64,
    /// Since when nothing arrives.
    pub failing_since: Option<Timestamp>,
    /// Records that were left behind since one arrived.
    pub dead_in_a_row: i64,
    /// Who took it; only they settle it.
    pub(super) claim: i64,
}

/// What a stream does next.
#[derive(Debug)]
pub enum Work {
    /// Somebody has asked for the test with this number.
    Test(i64),
    /// A parcel.
    Leaves {
        /// Where it begins.
        first: i64,
        /// Where the next one begins.
        upto: i64,
        /// The size of the tree when it was made up.
        tree_size: i64,
        /// The records, in order.
        leaves: Vec<Leaf>,
    },
    /// Nothing passed the filter; the stream's place has moved.
    Passed,
}

/// Streams of all tenants that have something to do, those that waited longest first.
pub async fn due(store: &Store, most: i64) -> Result<Vec<Due>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let found: Vec<(Uuid, Uuid)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT s.tenant, s.id FROM audit_stream s JOIN tenant t ON t.id = s.tenant JOIN audit_tree a ON a.tenant = s.tenant
             WHERE t.status = 'active' AND s.leased_until <= $1 AND s.state <> 'proposed'
                   AND (s.test_asked_at IS NOT NULL OR (s.state = 'active' AND s.next_attempt_at <= $1 AND a.size > s.next_leaf))
             ORDER BY s.next_attempt_at, s.id LIMIT $2",
        )
        .bind(now.micros())
        .bind(most)
        .fetch_all(c)
        .await
    })?;
    Ok(found.into_iter().map(|(tenant, id)| Due { tenant: tenant.into(), stream: id.into() }).collect())
}

/// Takes a stream, so that for a while nobody else does; nothing if somebody was quicker, or it has nothing to do.
///
/// Not audited: it says only that an attempt begins. What becomes of it is told where somebody has to know.
pub async fn claim(store: &Store, permit: &Permit<ByJob>, id: StreamId) -> Result<Option<Claimed>> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match take(&mut tx, id).await {
        Ok(claimed) => {
            store.commit_quietly(tx, Quiet::StreamTried).await?;
            Ok(claimed)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

/// What a stream needs on its way.
#[derive(FromRow)]
struct Taken {
    sealed: Vec<u8>,
    claims: i64,
    attempts: i64,
    failing_since: Option<i64>,
    dead_in_a_row: i64,
    test_asked_at: Option<i64>,
}

async fn take(tx: &mut Tx, id: StreamId) -> Result<Option<Claimed>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE audit_stream SET claims = claims + 1, leased_until = $4
         WHERE tenant = $1 AND id = $2 AND leased_until <= $3 AND state <> 'proposed'
               AND (test_asked_at IS NOT NULL OR (state = 'active' AND next_attempt_at <= $3))",
        tenant.uuid(),
        id.uuid(),
        now.micros(),
        (now + LEASE).micros()
    )?;
    if touched == 0 {
        return Ok(None);
    }
    let image: Option<Image> = row!(
        tx,
        "SELECT id, name, kind, origin, place, only_action, only_entity, only_outcome, state, secret, replayed_from, tests, failing, created_at
         FROM audit_stream WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let stream = Stream::from(image.ok_or(Error::NotFound)?);
    let taken: Option<Taken> = row!(
        tx,
        "SELECT sealed, claims, attempts, failing_since, dead_in_a_row, test_asked_at FROM audit_stream WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let taken = taken.ok_or(Error::NotFound)?;
    let tested = taken.test_asked_at.is_some();
    let work = if tested { Some(Work::Test(stream.tests)) } else { parcel(tx, &stream).await? };
    let Some(work) = work else {
        release(tx, id).await?;
        return Ok(None);
    };
    Ok(Some(Claimed {
        place: open(tx, "audit_stream", &id.bytes(), taken.sealed).await?,
        secrets: secrets(tx, id).await?,
        work,
        attempt: taken.attempts + 1,
        failing_since: taken.failing_since.map(Timestamp::from_micros),
        dead_in_a_row: taken.dead_in_a_row,
        claim: taken.claims,
        stream,
    }))
}

/// The parcel that is on its way, or the next one; nothing at the end of the tree.
async fn parcel(tx: &mut Tx, stream: &Stream) -> Result<Option<Work>> {
    let tenant = tx.tenant();
    let way: Option<(i64, i64, Option<i64>, Option<i64>)> = row!(
        tx,
        "SELECT s.next_leaf, t.size, s.planned_upto, s.planned_size FROM audit_stream s JOIN audit_tree t ON t.tenant = s.tenant
         WHERE s.tenant = $1 AND s.id = $2",
        tenant.uuid(),
        stream.id.uuid()
    )?;
    let (first, size, upto, planned_size) = way.ok_or(Error::NotFound)?;
    if first >= size {
        return Ok(None);
    }
    let end = upto.unwrap_or_else(|| size.min(first.saturating_add(WINDOW)));
    let tree_size = planned_size.unwrap_or(size);
    let (leaves, upto) = leaves::read(tx, &stream.filter, first, end, Bounds::of(stream.kind)).await?;
    if leaves.is_empty() {
        execute!(
            tx,
            "UPDATE audit_stream SET next_leaf = $3, planned_upto = NULL, planned_size = NULL, leased_until = 0 WHERE tenant = $1 AND id = $2",
            tenant.uuid(),
            stream.id.uuid(),
            end
        )?;
        return Ok(Some(Work::Passed));
    }
    execute!(
        tx,
        "UPDATE audit_stream SET planned_upto = $3, planned_size = $4 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        stream.id.uuid(),
        upto,
        tree_size
    )?;
    Ok(Some(Work::Leaves { first, upto, tree_size, leaves }))
}

async fn release(tx: &mut Tx, id: StreamId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "UPDATE audit_stream SET leased_until = 0 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(())
}

/// What a stream signs with at this moment, the newest first.
async fn secrets(tx: &mut Tx, id: StreamId) -> Result<Vec<Plaintext>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let found: Vec<(i64, Vec<u8>)> = rows!(
        tx,
        "SELECT number, sealed FROM audit_stream_secret WHERE tenant = $1 AND stream = $2 AND (ends_at IS NULL OR ends_at > $3)
         ORDER BY number DESC",
        tenant.uuid(),
        id.uuid(),
        now.micros()
    )?;
    let mut secrets = Vec::with_capacity(found.len());
    for (number, sealed) in found {
        secrets.push(open(tx, "audit_stream_secret", &secret_row(id, number), sealed).await?);
    }
    Ok(secrets)
}

impl Claimed {
    /// Whether there was as much as a parcel holds, so that more waits behind it.
    pub fn is_full(&self) -> bool {
        match &self.work {
            Work::Leaves { upto, tree_size, .. } => upto < tree_size,
            Work::Passed => true,
            Work::Test(_) => false,
        }
    }

    /// How records leave by it.
    pub const fn kind(&self) -> StreamKind {
        self.stream.kind
    }
}
