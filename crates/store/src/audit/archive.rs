//! Where the archive of a log ends, and what comes next.
//!
//! A segment is noted here only after it lies in the archive and was read back from there. No record is written for it: a log whose
//! archiving is a record would never be archived to its end.

use bailiwick_domain::{
    ids::TenantId,
    rule::ByJob,
    time::{Span, Timestamp},
};
use bailiwick_proof::{
    Hash,
    tile::{Tile, TileId},
    tree::Frontier,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{append::stored_hash, page::newest_checkpoint};
use crate::{
    Error, Permit, Result, Store,
    audit::pack::EventOctets,
    conn::on,
    lock::{execute, row, rows},
    mail::find_tenants,
    store::Quiet,
    tx::Scope,
};

/// Tenants at most in one look.
const TENANTS: i64 = 256;

/// Records that are read at one time.
pub const READ_AT_ONCE: i64 = 1_024;

/// How old the oldest record without a place in the archive may become before a segment is written: an hour.
pub const HOUR: Span = Span::hours(1);

/// What is to be archived next.
#[derive(Clone, Debug)]
pub struct Due {
    /// The first leaf of it.
    pub first: i64,
    /// The tree's right edge before that.
    pub frontier: Frontier,
    /// The digest of the manifest before; nothing for the first segment.
    pub previous: Option<Hash>,
    /// The size of the newest signed tree: where the segment ends.
    pub size: i64,
    /// The checkpoint of that size, as a signed note.
    pub checkpoint: String,
    /// When the first of its records was recorded.
    pub oldest: Timestamp,
}

/// A segment that lies in the archive.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its first leaf.
    pub first: i64,
    /// The size of the tree at its end.
    pub size: i64,
    /// Octets of its files together.
    pub octets: i64,
    /// The SHA-256 of its signed manifest.
    pub digest: Hash,
    /// When it was noted.
    pub written_at: Timestamp,
}

/// A record as the archive takes it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// Its leaf hash.
    pub hash: Hash,
    /// Its octets.
    pub octets: Vec<u8>,
}

#[derive(FromRow)]
struct Row {
    first_leaf: i64,
    size: i64,
    octets: i64,
    digest: Vec<u8>,
    written_at: i64,
}

impl TryFrom<Row> for Segment {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            first: row.first_leaf,
            size: row.size,
            octets: row.octets,
            digest: stored_hash(&row.digest)?,
            written_at: Timestamp::from_micros(row.written_at),
        })
    }
}

/// Tenants whose archive ends before their signed log does, behind `after` in the order of their ids.
pub async fn tenants_behind(store: &Store, after: Option<TenantId>) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let after = after.map_or(Uuid::nil(), TenantId::uuid);
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT t.tenant FROM audit_tree t WHERE t.tenant > $1
             AND t.signed > coalesce((SELECT max(s.size) FROM audit_segment s WHERE s.tenant = t.tenant), 0) ORDER BY t.tenant LIMIT $2",
        )
        .bind(after)
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// What of the scope's log is to be archived next, however young it is; nothing where everything that is signed is archived.
pub async fn due(scope: &mut impl Scope) -> Result<Option<Due>> {
    let tenant = scope.tenant();
    let last: Option<(i64, Vec<u8>, Vec<u8>)> = row!(
        scope,
        "SELECT size, digest, frontier FROM audit_segment WHERE tenant = $1 ORDER BY size DESC LIMIT 1",
        tenant.uuid()
    )?;
    let (first, previous, frontier) = match last {
        None => (0, None, Frontier::new()),
        Some((size, digest, frontier)) => {
            let frontier = Frontier::from_bytes(&frontier)
                .map_err(|_| Error::Corrupt("audit_segment.frontier".into()))?;
            (size, Some(stored_hash(&digest)?), frontier)
        }
    };
    if i64::try_from(frontier.size()).ok() != Some(first) {
        return Err(Error::Corrupt("audit_segment.frontier is of another size".into()));
    }
    let Some(signed) = newest_checkpoint(scope).await?.filter(|signed| signed.size > first) else {
        return Ok(None);
    };
    let oldest: Option<(i64,)> = row!(
        scope,
        "SELECT recorded_at FROM audit_leaf WHERE tenant = $1 AND leaf_index = $2",
        tenant.uuid(),
        first
    )?;
    let (oldest,) = oldest.ok_or_else(|| Error::Corrupt(format!("leaf {first} is not there")))?;
    Ok(Some(Due {
        first,
        frontier,
        previous,
        size: signed.size,
        checkpoint: signed.note,
        oldest: Timestamp::from_micros(oldest),
    }))
}

/// The records from leaf `from` on, below leaf `to`, as many as are read at one time.
pub async fn records(scope: &mut impl Scope, from: i64, to: i64) -> Result<Vec<Kept>> {
    let tenant = scope.tenant();
    let found: Vec<(i64, Vec<u8>, EventOctets)> = rows!(
        scope,
        "SELECT l.leaf_index, l.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index LIMIT $4",
        tenant.uuid(),
        from,
        to,
        READ_AT_ONCE
    )?;
    found
        .into_iter()
        .map(|(leaf_index, hash, octets)| {
            Ok(Kept { leaf_index, hash: stored_hash(&hash)?, octets: octets.0 })
        })
        .collect()
}

/// The tiles above the leaves that were completed while the tree grew from `from` leaves to `to`.
pub async fn higher_tiles(scope: &mut impl Scope, from: i64, to: i64) -> Result<Vec<(TileId, Tile)>> {
    let tenant = scope.tenant();
    let mut tiles = Vec::new();
    for level in 1..7_u8 {
        let span = 256_i64.saturating_pow(u32::from(level) + 1);
        let (first, end) = (from / span, to / span);
        if first == end {
            continue;
        }
        let found: Vec<(i64, Vec<u8>)> = rows!(
            scope,
            "SELECT idx, hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx",
            tenant.uuid(),
            i64::from(level),
            first,
            end
        )?;
        for (index, hashes) in found {
            let tile = Tile::from_bytes(&hashes).map_err(|e| Error::Corrupt(e.to_string()))?;
            tiles.push((TileId { level, index: index.unsigned_abs() }, tile));
        }
    }
    Ok(tiles)
}

/// Notes a segment that lies in the archive and was read back from there; `frontier` is the tree's right edge at its end.
///
/// # Errors
/// `Conflict` where another server has noted one from the same leaf.
pub async fn note_segment(
    store: &Store,
    permit: &Permit<ByJob>,
    segment: &Segment,
    frontier: &Frontier,
) -> Result<()> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let noted = execute!(
        tx,
        "INSERT INTO audit_segment (tenant, size, first_leaf, octets, digest, frontier, written_at)
         SELECT $1, $2, $3, $4, $5, $6, $7
         WHERE coalesce((SELECT max(size) FROM audit_segment WHERE tenant = $1), 0) = $3",
        tenant.uuid(),
        segment.size,
        segment.first,
        segment.octets,
        &segment.digest.0[..],
        frontier.to_bytes(),
        now.micros()
    );
    match noted {
        Ok(1) => store.commit_quietly(tx, Quiet::SegmentArchived).await,
        Ok(_) => {
            store.undo(tx).await;
            Err(Error::Conflict("Another server has archived this part."))
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}

/// The segment that ends at a tree of this size.
///
/// # Errors
/// [`Error::NotFound`] where this tenant's archive has no such segment.
pub async fn find(scope: &mut impl Scope, size: i64) -> Result<Segment> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT first_leaf, size, octets, digest, written_at FROM audit_segment WHERE tenant = $1 AND size = $2",
        tenant.uuid(),
        size
    )?;
    found.ok_or(Error::NotFound)?.try_into()
}

/// The newest segments, the last one first, and how many there are.
pub async fn segments(scope: &mut impl Scope, at_most: i64) -> Result<(Vec<Segment>, i64)> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT first_leaf, size, octets, digest, written_at FROM audit_segment WHERE tenant = $1 ORDER BY size DESC LIMIT $2",
        tenant.uuid(),
        at_most
    )?;
    let count: Option<(i64,)> =
        row!(scope, "SELECT count(*) FROM audit_segment WHERE tenant = $1", tenant.uuid())?;
    let found = found.into_iter().map(Segment::try_from).collect::<Result<_>>()?;
    Ok((found, count.map_or(0, |(count,)| count)))
}
