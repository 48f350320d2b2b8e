//! What recording left behind, row by row, cut as it is written once more.

use std::collections::BTreeMap;

use bailiwick_domain::rule::Rule;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Result, Store, audit::BLOCK, gate::Permit, lock::rows, tx::Scope};

/// Leaves below one tile, and below one of the level above it.
const TILES: [i64; 2] = [256, 256 * 256];
/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// The rows of some events that follow each other, as they lie there: what one transaction writes. What only waits between two
/// steps of recording is not among them.
#[derive(Debug, Default)]
pub struct Piece {
    pub(super) leaves: Vec<Leaf>,
    pub(super) personal: Vec<Personal>,
    pub(super) keys: Vec<Key>,
    pub(super) postings: Vec<Posting>,
    pub(super) tiles: Vec<Tile>,
    /// The newest revision of each thing among the leaves.
    pub(super) heads: Vec<(String, Uuid, i64, Vec<u8>)>,
    /// Length in hours, beginning, kind of thing, action and outcome, and how many events.
    pub(super) counts: Vec<(i64, i64, String, String, String, i64)>,
}

impl Piece {
    /// How many events it has.
    pub const fn events(&self) -> usize {
        self.leaves.len()
    }
}

/// An event and its row in the tree.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Leaf {
    pub(super) leaf_index: i64,
    pub(super) event: Uuid,
    pub(super) hash: Vec<u8>,
    pub(super) recorded_at: i64,
    pub(super) actor_kind: String,
    pub(super) actor_id: Option<Uuid>,
    pub(super) action: String,
    pub(super) outcome: String,
    pub(super) entity_type: String,
    pub(super) entity_id: Uuid,
    pub(super) revision: i64,
    pub(super) bytes: Vec<u8>,
}

/// Sealed personal values.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Personal {
    leaf_index: i64,
    pub(super) event: Uuid,
    pub(super) subject: Uuid,
    pub(super) sealed: Vec<u8>,
}

/// Under which key an event was sent.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Key {
    leaf_index: i64,
    pub(super) key: Vec<u8>,
    pub(super) event: Uuid,
    pub(super) payload: Vec<u8>,
}

/// Which events of a full block a term leads to.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Posting {
    pub(super) term: Vec<u8>,
    pub(super) block: i64,
    pub(super) hits: Vec<u8>,
}

/// A full tile.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Tile {
    pub(super) level: i64,
    pub(super) idx: i64,
    pub(super) hashes: Vec<u8>,
}

/// What the events from leaf `first` on, below leaf `size`, left behind, in pieces of so many events.
pub async fn pieces<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    first: i64,
    size: i64,
    events: i64,
) -> Result<Vec<Piece>> {
    let mut view = store.read(permit).await?;
    let tenant = view.tenant().uuid();
    let leaves: Vec<Leaf> = rows!(
        view,
        "SELECT l.leaf_index, l.event, l.hash, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision, e.bytes
         FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index",
        tenant,
        first,
        size
    )?;
    let personal: Vec<Personal> = rows!(
        view,
        "SELECT l.leaf_index, p.event, p.subject, p.sealed FROM audit_leaf l JOIN audit_personal p ON p.tenant = l.tenant AND p.event = l.event
         WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index",
        tenant,
        first,
        size
    )?;
    let keys: Vec<Key> = rows!(
        view,
        "SELECT l.leaf_index, k.key, k.event, k.payload FROM audit_intake k JOIN audit_leaf l ON l.tenant = k.tenant AND l.event = k.event
         WHERE k.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY k.key",
        tenant,
        first,
        size
    )?;
    let postings: Vec<Posting> = rows!(
        view,
        "SELECT term, block, hits FROM audit_posting WHERE tenant = $1 AND block >= $2 AND block < $3 ORDER BY term, block",
        tenant,
        first.div_euclid(BLOCK),
        size.div_euclid(BLOCK)
    )?;
    let mut tiles: Vec<Tile> = Vec::new();
    for (level, span) in (0_i64..).zip(TILES) {
        let found: Vec<Tile> = rows!(
            view,
            "SELECT level, idx, hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx",
            tenant,
            level,
            first.div_euclid(span),
            size.div_euclid(span)
        )?;
        tiles.extend(found);
    }
    // By the piece whose last event completes them.
    let mut cut: BTreeMap<i64, Piece> = BTreeMap::new();
    let of = |leaf: i64| (leaf - first).div_euclid(events.max(1));
    leaves.into_iter().for_each(|leaf| cut.entry(of(leaf.leaf_index)).or_default().leaves.push(leaf));
    personal.into_iter().for_each(|one| cut.entry(of(one.leaf_index)).or_default().personal.push(one));
    keys.into_iter().for_each(|key| cut.entry(of(key.leaf_index)).or_default().keys.push(key));
    for posting in postings {
        cut.entry(of((posting.block + 1) * BLOCK - 1)).or_default().postings.push(posting);
    }
    for tile in tiles {
        let span = if tile.level == 0 { TILES[0] } else { TILES[1] };
        cut.entry(of((tile.idx + 1) * span - 1)).or_default().tiles.push(tile);
    }
    Ok(cut.into_values().map(summed).collect())
}

/// With what follows from the leaves.
fn summed(mut piece: Piece) -> Piece {
    let mut heads: BTreeMap<(&str, Uuid), &Leaf> = BTreeMap::new();
    let mut counts: BTreeMap<(i64, i64, &str, &str, &str), i64> = BTreeMap::new();
    for leaf in &piece.leaves {
        heads.insert((leaf.entity_type.as_str(), leaf.entity_id), leaf);
        let hour = leaf.recorded_at.div_euclid(HOUR);
        for (span, start) in [(1, hour), (24, hour - hour.rem_euclid(24))] {
            let (kind, action, outcome) =
                (leaf.entity_type.as_str(), leaf.action.as_str(), leaf.outcome.as_str());
            *counts.entry((span, start, kind, action, outcome)).or_default() += 1;
        }
    }
    let heads = heads
        .into_iter()
        .map(|((kind, id), leaf)| (kind.to_owned(), id, leaf.revision, leaf.hash.clone()))
        .collect();
    let counts = counts
        .into_iter()
        .map(|((span, start, kind, action, outcome), events)| {
            (span, start, kind.to_owned(), action.to_owned(), outcome.to_owned(), events)
        })
        .collect();
    piece.heads = heads;
    piece.counts = counts;
    piece
}
