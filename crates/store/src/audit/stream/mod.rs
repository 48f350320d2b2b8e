//! Streams: the audit log on its way to other systems, each with a place in the tree up to which everything has arrived.
//!
//! A stream is taken under a lease, so that several servers send it once; its place moves after the other side has taken a parcel,
//! so that a crash in between sends the parcel once more, under the same id. Nothing here is touched by the changes that the log
//! records.

mod carry;
mod change;
mod dead;
mod leaves;
mod settle;

use bailiwick_domain::{
    entity::{Stream, StreamFault, StreamFilter, StreamKind, StreamState},
    ids::StreamId,
    time::Timestamp,
};
use bailiwick_vault::secret::Plaintext;
use sqlx::FromRow;
use uuid::Uuid;

pub use carry::{Claimed, Due, Work, claim, due};
pub use change::{
    MOST, add_secret, ask_test, count, insert, lock, move_to, named, place_tag, remove, replace, rewind,
    unplan, wake,
};
pub use dead::{Dead, bury, bury_quietly, dead_letters};
pub use settle::{arrive, arrived, fail, halved, postponed, tested};

use crate::{
    Error, Result,
    lock::{row, rows},
    sealed::{self, Cell},
    tx::{Scope, Tx},
};

/// What a stream is, as it is stored.
#[derive(FromRow)]
struct Image {
    #[sqlx(try_from = "Uuid")]
    id: StreamId,
    name: String,
    #[sqlx(try_from = "String")]
    kind: StreamKind,
    origin: String,
    place: String,
    only_action: Option<String>,
    only_entity: Option<String>,
    only_outcome: Option<String>,
    #[sqlx(try_from = "String")]
    state: StreamState,
    secret: i64,
    replayed_from: Option<i64>,
    tests: i64,
    failing: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl From<Image> for Stream {
    fn from(row: Image) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            origin: row.origin,
            place: row.place,
            filter: StreamFilter {
                action: row.only_action,
                entity_type: row.only_entity,
                outcome: row.only_outcome,
            },
            state: row.state,
            secret: row.secret,
            replayed_from: row.replayed_from,
            tests: row.tests,
            failing: row.failing != 0,
            created_at: row.created_at,
        }
    }
}

/// How far a stream came, as it is stored.
#[derive(FromRow)]
struct Way {
    next_leaf: i64,
    tree_size: i64,
    attempts: i64,
    fault: Option<String>,
    failing_since: Option<i64>,
    #[sqlx(try_from = "i64")]
    next_attempt_at: Timestamp,
    delivered: i64,
    delivered_at: Option<i64>,
    test_asked_at: Option<i64>,
    tested_at: Option<i64>,
    test_fault: Option<String>,
    dead: i64,
}

/// How far a stream came.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Everything before this place in the tree has arrived, or was left behind.
    pub next_leaf: i64,
    /// The size of the tree.
    pub tree_size: i64,
    /// How often the present parcel was tried in vain.
    pub attempts: i64,
    /// What went wrong last, until something arrives.
    pub fault: Option<StreamFault>,
    /// Since when nothing arrives.
    pub failing_since: Option<Timestamp>,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// Records that arrived, each as often as it was sent.
    pub delivered: i64,
    /// When something last arrived.
    pub delivered_at: Option<Timestamp>,
    /// Somebody has asked for a test that was not done yet.
    pub test_waits: bool,
    /// When the last test was done.
    pub tested_at: Option<Timestamp>,
    /// What went wrong in it.
    pub test_fault: Option<StreamFault>,
    /// Records that were left behind and have not arrived since.
    pub dead: i64,
}

impl Progress {
    /// Records between the stream's place and the end of the tree, whether they pass its filter or not.
    pub const fn lag(&self) -> i64 {
        self.tree_size.saturating_sub(self.next_leaf)
    }
}

impl TryFrom<Way> for Progress {
    type Error = Error;
    fn try_from(row: Way) -> Result<Self> {
        Ok(Self {
            next_leaf: row.next_leaf,
            tree_size: row.tree_size,
            attempts: row.attempts,
            fault: fault(row.fault)?,
            failing_since: row.failing_since.map(Timestamp::from_micros),
            next_attempt_at: row.next_attempt_at,
            delivered: row.delivered,
            delivered_at: row.delivered_at.map(Timestamp::from_micros),
            test_waits: row.test_asked_at.is_some(),
            tested_at: row.tested_at.map(Timestamp::from_micros),
            test_fault: fault(row.test_fault)?,
            dead: row.dead,
        })
    }
}

/// A stream with how far it came.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The stream.
    pub stream: Stream,
    /// How far it came.
    pub progress: Progress,
}

/// The tenant's streams by name; there are [`MOST`] at most.
pub async fn list(scope: &mut impl Scope) -> Result<Vec<Listed>> {
    let tenant = scope.tenant();
    let images: Vec<Image> = rows!(
        scope,
        "SELECT id, name, kind, origin, place, only_action, only_entity, only_outcome, state, secret, replayed_from, tests, failing, created_at
         FROM audit_stream WHERE tenant = $1 ORDER BY name, id",
        tenant.uuid()
    )?;
    let mut listed = Vec::with_capacity(images.len());
    for image in images {
        let progress = progress(scope, image.id).await?;
        listed.push(Listed { stream: image.into(), progress });
    }
    Ok(listed)
}

/// One stream.
pub async fn find(scope: &mut impl Scope, id: StreamId) -> Result<Listed> {
    let tenant = scope.tenant();
    let image: Option<Image> = row!(
        scope,
        "SELECT id, name, kind, origin, place, only_action, only_entity, only_outcome, state, secret, replayed_from, tests, failing, created_at
         FROM audit_stream WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let stream = image.ok_or(Error::NotFound)?.into();
    Ok(Listed { stream, progress: progress(scope, id).await? })
}

async fn progress(scope: &mut impl Scope, id: StreamId) -> Result<Progress> {
    let tenant = scope.tenant();
    let way: Option<Way> = row!(
        scope,
        "SELECT s.next_leaf, t.size AS tree_size, s.attempts, s.fault, s.failing_since, s.next_attempt_at, s.delivered, s.delivered_at,
                s.test_asked_at, s.tested_at, s.test_fault,
                (SELECT count(*) FROM audit_stream_dead d WHERE d.tenant = s.tenant AND d.stream = s.id) AS dead
         FROM audit_stream s JOIN audit_tree t ON t.tenant = s.tenant WHERE s.tenant = $1 AND s.id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    way.ok_or(Error::NotFound)?.try_into()
}

fn fault(name: Option<String>) -> Result<Option<StreamFault>> {
    let fault = name.map(|name| name.parse::<StreamFault>()).transpose();
    fault.map_err(|_| Error::Corrupt("audit_stream.fault".into()))
}

async fn seal(tx: &mut Tx, table: &str, row: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    sealed::seal(tx, Cell { table, row, column: "sealed" }, plain).await
}

async fn open(scope: &mut impl Scope, table: &str, row: &[u8], sealed: Vec<u8>) -> Result<Plaintext> {
    sealed::open(scope, Cell { table, row, column: "sealed" }, sealed).await
}

/// The key of a secret's row, without the tenant.
fn secret_row(id: StreamId, number: i64) -> [u8; 24] {
    let mut row = [0; 24];
    for (to, from) in row.iter_mut().zip(id.bytes().into_iter().chain(number.to_be_bytes())) {
        *to = from;
    }
    row
}
