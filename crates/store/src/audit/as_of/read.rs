//! Reading the records of one thing, and the image before them.

use bailiwick_domain::{past::Revised, time::Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

use super::{EVERY, MOST, Moment};
use crate::{
    Result,
    audit::pack::EventOctets,
    lock::{row, rows},
    tx::Scope,
};

/// Records that wait for their place are looked through for those of one thing: so many at most.
const WAITING: i64 = 10_000;

/// An image as it is kept.
#[derive(FromRow)]
pub(super) struct Kept {
    pub(super) revision: i64,
    pub(super) leaf_index: i64,
    pub(super) hash: Vec<u8>,
    pub(super) image: Vec<u8>,
    pub(super) seal: Vec<u8>,
}

/// A record as it lies there; no octets where they are gone.
#[derive(FromRow)]
pub(super) struct Row {
    pub(super) leaf_index: i64,
    pub(super) event: Uuid,
    pub(super) revision: i64,
    pub(super) recorded_at: i64,
    pub(super) hash: Vec<u8>,
    pub(super) bytes: Option<EventOctets>,
}

/// The records of a thing in the order of their revisions, and where they end.
pub(super) struct Read {
    pub(super) records: Vec<Row>,
    /// The revision that must come last, where that is known.
    pub(super) last: Option<i64>,
    /// The newest revision and its hash, where the read goes up to it.
    pub(super) head: Option<(i64, Vec<u8>)>,
    /// Whether there are more than [`MOST`].
    pub(super) too_many: bool,
}

/// The newest image that is not younger than the moment. Those that could not be made are empty, and passed over.
pub(super) async fn newest_image(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    moment: Moment,
) -> Result<Option<Kept>> {
    let tenant = scope.tenant();
    let (at, revision) = match moment {
        Moment::At(at) => (at.micros(), i64::MAX),
        Moment::Revision(revision) => (i64::MAX, revision),
    };
    Ok(row!(
        scope,
        "SELECT revision, leaf_index, hash, image, seal FROM audit_image
         WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND recorded_at <= $4 AND revision <= $5
           AND length(image) > 0 AND seal IS NOT NULL ORDER BY revision DESC LIMIT 1",
        tenant.uuid(),
        kind,
        id,
        at,
        revision
    )?)
}

/// The records from the leaf of an image on, up to the next place at which images are kept behind the moment, or to the newest.
///
/// Leaves follow each other as revisions do, but for the little by which clocks of several servers differ: where a revision is not
/// among the leaves where it ought to be, all leaves of the thing are read.
pub(super) async fn records(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    moment: Moment,
    leaf: i64,
    revision: i64,
) -> Result<Read> {
    let tenant = scope.tenant();
    let (at, wanted) = match moment {
        Moment::At(at) => (at.micros(), i64::MIN),
        Moment::Revision(revision) => (i64::MIN, revision),
    };
    let next: Option<(i64, i64)> = row!(
        scope,
        "SELECT revision, leaf_index FROM audit_image
         WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3 AND revision > $4 AND recorded_at > $5 AND revision > $6
         ORDER BY revision LIMIT 1",
        tenant.uuid(),
        kind,
        id,
        revision,
        at,
        wanted
    )?;
    let mut records = leaves(scope, kind, id, leaf, next.map_or(i64::MAX, |(_, leaf)| leaf)).await?;
    if let Some((last, _)) = next {
        if !all_there(&records, revision, last) {
            records = leaves(scope, kind, id, 0, i64::MAX).await?;
        }
        // The place is a hint that nobody has sealed: it counts where its own record lies behind the moment.
        if records.iter().any(|record| record.revision == last && record.recorded_at > at) {
            return Ok(read(records, revision, Some(last), None));
        }
        records = leaves(scope, kind, id, leaf, i64::MAX).await?;
    }
    let head: Option<(i64, Vec<u8>)> = row!(
        scope,
        "SELECT revision, hash FROM audit_head WHERE tenant = $1 AND entity_type = $2 AND entity_id = $3",
        tenant.uuid(),
        kind,
        id
    )?;
    if let Some((newest, _)) = &head {
        // Beyond the newest leaf there may be records that have no leaf yet.
        if records.iter().all(|record| record.revision < *newest) {
            records.extend(waiting(scope, kind, id).await?);
        }
        if leaf > 0 && !all_there(&records, revision, *newest) {
            let pending =
                records.into_iter().filter(|record| record.leaf_index == i64::MAX).collect::<Vec<_>>();
            records = leaves(scope, kind, id, 0, i64::MAX).await?;
            records.extend(pending);
        }
    }
    Ok(read(records, revision, head.as_ref().map(|(newest, _)| *newest), head))
}

fn read(mut records: Vec<Row>, from: i64, last: Option<i64>, head: Option<(i64, Vec<u8>)>) -> Read {
    records.sort_by_key(|record| record.revision);
    records.retain(|record| record.revision >= from);
    let too_many = i64::try_from(records.len()).unwrap_or(i64::MAX) > MOST;
    Read { records, last, head, too_many }
}

/// Whether every revision between these two, both included, has a record; the first only where it is one.
fn all_there(records: &[Row], from: i64, to: i64) -> bool {
    let mut revisions: Vec<i64> = records.iter().map(|record| record.revision).collect();
    revisions.sort_unstable();
    revisions.dedup();
    let within = revisions.iter().filter(|revision| (from.max(1)..=to).contains(*revision)).count();
    i64::try_from(within).ok() == Some(to - from.max(1) + 1)
}

async fn leaves(scope: &mut impl Scope, kind: &str, id: Uuid, first: i64, last: i64) -> Result<Vec<Row>> {
    let tenant = scope.tenant();
    Ok(rows!(
        scope,
        "SELECT l.leaf_index, l.event, l.revision, l.recorded_at, l.hash, e.bytes
         FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 AND l.leaf_index >= $4 AND l.leaf_index <= $5
         ORDER BY l.leaf_index LIMIT $6",
        tenant.uuid(),
        kind,
        id,
        first,
        last,
        MOST + EVERY
    )?)
}

/// The records of a thing that have no place in the tree yet.
async fn waiting(scope: &mut impl Scope, kind: &str, id: Uuid) -> Result<Vec<Row>> {
    let tenant = scope.tenant();
    let found: Vec<(Uuid, i64, Vec<u8>, EventOctets)> = rows!(
        scope,
        "SELECT e.id, p.recorded_at, e.hash, e.bytes FROM audit_pending p JOIN audit_event e ON e.tenant = p.tenant AND e.id = p.event
         WHERE p.tenant = $1 ORDER BY p.recorded_at, p.event LIMIT $2",
        tenant.uuid(),
        WAITING
    )?;
    let of_it = found.into_iter().filter_map(|(event, recorded_at, hash, bytes)| {
        let record = Revised::read(&bytes)?;
        is_about(&record, kind, id).then_some(Row {
            leaf_index: i64::MAX,
            event,
            revision: record.entity.revision,
            recorded_at,
            hash,
            bytes: Some(bytes),
        })
    });
    Ok(of_it.collect())
}

/// Whether a record is about this thing. The guarded product has ids of its own: there the leaf says which of ours stands for one,
/// and verification holds the leaf against the record.
pub(super) fn is_about(record: &Revised, kind: &str, id: Uuid) -> bool {
    record.entity.kind == kind
        && (is_products(kind) || Uuid::try_parse(&record.entity.id).is_ok_and(|named| named == id))
}

/// Whether things of this kind are the guarded product's.
pub(super) fn is_products(kind: &str) -> bool {
    kind.starts_with("app.")
}

impl Row {
    pub(super) const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.recorded_at)
    }
}
