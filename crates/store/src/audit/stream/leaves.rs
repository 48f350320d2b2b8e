//! The records that a stream sends next.

use bailiwick_domain::{
    entity::{StreamFilter, StreamKind},
    stream::Leaf,
    time::Timestamp,
};
use bailiwick_proof::{
    event::scan,
    hash::{Hash, leaf_hash},
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result,
    audit::pack::EventOctets,
    lock::rows,
    tx::{Scope, Tx},
};

/// Leaves that are looked through at once, so that a filter that lets little through holds up nobody.
pub(super) const WINDOW: i64 = 10_000;

/// What a parcel holds at most.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) records: i64,
    octets: usize,
}

impl Bounds {
    pub(super) const fn of(kind: StreamKind) -> Self {
        match kind {
            StreamKind::Webhook => Self { records: 100, octets: 1 << 20 },
            StreamKind::Syslog => Self { records: 500, octets: 4 << 20 },
            StreamKind::S3 => Self { records: 5_000, octets: 8 << 20 },
        }
    }
}

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    event: Uuid,
    hash: Vec<u8>,
    #[sqlx(try_from = "i64")]
    recorded_at: Timestamp,
    action: String,
    outcome: String,
    entity_type: String,
    bytes: Option<EventOctets>,
}

/// The first records from `first` up to `end`, which is not among them, that pass the filter, and where those after them begin:
/// `end` where there are none. At least one record fits, whatever its size.
pub(super) async fn read(
    tx: &mut Tx,
    filter: &StreamFilter,
    first: i64,
    end: i64,
    bounds: Bounds,
) -> Result<(Vec<Leaf>, i64)> {
    let tenant = tx.tenant();
    let found: Vec<Row> = rows!(
        tx,
        "SELECT l.leaf_index, l.event, l.hash, l.recorded_at, l.action, l.outcome, l.entity_type, e.bytes
         FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3
               AND ($4 IS NULL OR substr(l.action, 1, length($4)) = $4) AND ($5 IS NULL OR l.entity_type = $5)
               AND ($6 IS NULL OR l.outcome = $6)
         ORDER BY l.leaf_index LIMIT $7",
        tenant.uuid(),
        first,
        end,
        filter.action.as_deref(),
        filter.entity_type.as_deref(),
        filter.outcome.as_deref(),
        bounds.records + 1
    )?;
    let most = usize::try_from(bounds.records).unwrap_or(usize::MAX);
    let (mut leaves, mut octets) = (Vec::with_capacity(found.len().min(most)), 0_usize);
    for row in found {
        octets = octets.saturating_add(row.bytes.as_ref().map_or(0, |bytes| bytes.len()));
        if leaves.len() == most || !leaves.is_empty() && octets > bounds.octets {
            return Ok((leaves, row.leaf_index));
        }
        leaves.push(leaf(row)?);
    }
    Ok((leaves, end))
}

/// A record whose octets do not have the stored hash, or are gone, goes without them: the other side learns that it is there, and
/// that its octets are not.
fn leaf(row: Row) -> Result<Leaf> {
    let hash = Hash::from_slice(&row.hash).map_err(|_| Error::Corrupt("audit_leaf.hash".into()))?;
    let genuine = row.bytes.filter(|bytes| leaf_hash(bytes) == hash);
    let previous = genuine.as_deref().and_then(|bytes| scan(bytes).ok()).map(|event| event.prev);
    if previous.is_none() {
        tracing::error!(event = %row.event, "an event of the audit log cannot be read, and leaves without its octets");
    }
    let octets = genuine.filter(|_| previous.is_some()).and_then(|bytes| String::from_utf8(bytes.0).ok());
    Ok(Leaf {
        index: row.leaf_index,
        event: row.event.into(),
        hash: hash.to_string(),
        previous: previous.flatten().map(|hash| hash.to_string()),
        recorded_at: row.recorded_at,
        action: row.action,
        outcome: row.outcome,
        entity_type: row.entity_type,
        octets,
    })
}
