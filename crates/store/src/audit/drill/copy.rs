//! A copy of a part of a log, in memory, in a transaction that is never committed.
//!
//! Records, tiles and checkpoints are copied octet by octet. Search rows, heads and the edge of the tree are made again from the
//! records, so that the copy is whole at whatever place it ends. Where it does not begin with the first record, the full tiles that make up
//! the edge of the tree in front of it are copied, too.

use std::{collections::HashMap, sync::Arc};

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{
    event::scan,
    tile::WIDTH,
    tree::{Frontier, Needs},
};
use sqlx::{
    Sqlite, SqliteConnection, Transaction,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use uuid::Uuid;

use super::dice::Dice;
use crate::{
    Error, Result,
    audit::{
        append::stored_hash,
        integrate::{Leaf, integrate, leaf_of},
        many::{Many, many},
        pack::EventOctets,
        reader,
        search::total,
        verify::{Chains, Part},
    },
    conn::{Conn, Driver},
    lock::{row, rows},
    migrate,
    tx::{Scope, View},
};

/// Records that a drill copies at most: 64 full tiles.
pub const COPIED: i64 = 16_384;
/// Leaves of a tile.
const TILE: i64 = WIDTH.cast_signed();
/// Octets of records copied at most, but for those of the last chunk.
const OCTETS: usize = 32 << 20;
/// Records read at once.
const CHUNK: i64 = 512;
/// Checkpoints copied at most: as many as a verification is sure to read.
const CHECKPOINTS: i64 = 64;

static EVENTS: Many =
    many!("INSERT INTO audit_event (tenant, id, hash, bytes) VALUES (?, ?, ?, ?)", ", (?, ?, ?, ?)", "");
static HEADS: Many = many!(
    "INSERT INTO audit_head (tenant, entity_type, entity_id, revision, hash) VALUES (?, ?, ?, ?, ?)",
    ", (?, ?, ?, ?, ?)",
    " ON CONFLICT (tenant, entity_type, entity_id) DO UPDATE SET revision = excluded.revision, hash = excluded.hash WHERE excluded.revision > audit_head.revision"
);

/// What stands in the way of whoever alters a log: gone from the copy, as an intruder with the file would have it.
const WALLS: [&str; 12] = [
    "DROP TRIGGER IF EXISTS audit_event_no_update",
    "DROP TRIGGER IF EXISTS audit_event_no_delete",
    "DROP TRIGGER IF EXISTS audit_event_no_replace",
    "DROP TRIGGER IF EXISTS audit_leaf_no_update",
    "DROP TRIGGER IF EXISTS audit_leaf_no_delete",
    "DROP TRIGGER IF EXISTS audit_leaf_no_replace",
    "DROP TRIGGER IF EXISTS audit_tile_no_update",
    "DROP TRIGGER IF EXISTS audit_tile_no_delete",
    "DROP TRIGGER IF EXISTS audit_checkpoint_no_update",
    "DROP TRIGGER IF EXISTS audit_retired_no_update",
    "DROP TRIGGER IF EXISTS audit_retired_no_replace",
    "DROP TRIGGER IF EXISTS audit_retired_only_archived",
];

/// A record as it is stored.
type Stored = (i64, Uuid, Vec<u8>, EventOctets);
/// What is left of a record that the retention took: its leaf, event, hash, thing, revision and the hash before it.
type Left = (i64, Uuid, Vec<u8>, String, Uuid, i64, Option<Vec<u8>>);

/// A copy that can be altered and verified.
pub(super) struct LogCopy {
    /// The transaction; its end is the copy's.
    pub(super) view: View,
    /// Where it begins, and what stands in front of it and beside it.
    pub(super) part: Part,
    /// The leaf behind its last one.
    pub(super) size: i64,
    /// The leaf that is aimed at: one of all those of the log, within the copy.
    pub(super) aim: i64,
    /// Records: fewer than leaves where the retention took some.
    pub(super) records: i64,
    /// Full tiles of the lowest level within it.
    pub(super) tiles: i64,
    /// The sizes of its checkpoints, newest first.
    pub(super) checkpoints: Vec<i64>,
}

/// Copies a part of the log that `from` sees, up to `most` leaves around one that `dice` chooses. Reads and nothing else.
pub(super) async fn copy(from: &mut View, dice: &mut Dice, most: i64) -> Result<LogCopy> {
    let tenant = from.tenant();
    let mut to = empty().await?;
    let total = total(from).await?;
    let aim = dice.below(total);
    let first = beginning(aim, total, most);
    edge(from, &mut to, first).await?;
    let (mut size, mut taken, mut octets, mut chains) = (first, 0_i64, 0_usize, Chains::default());
    while size - first < most && octets < OCTETS {
        let chunk = CHUNK.min(most - (size - first));
        let records: Vec<Stored> = rows!(
            from,
            "SELECT l.leaf_index, e.id, e.hash, e.bytes FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
             WHERE l.tenant = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index",
            tenant.uuid(),
            size,
            size + chunk
        )?;
        let left: Vec<Left> = rows!(
            from,
            "SELECT r.leaf_index, r.event, r.hash, r.entity_type, r.entity_id, r.revision, r.prev FROM audit_retired r
             WHERE r.tenant = $1 AND r.leaf_index >= $2 AND r.leaf_index < $3
               AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index) ORDER BY r.leaf_index",
            tenant.uuid(),
            size,
            size + chunk
        )?;
        let count = i64::try_from(records.len() + left.len()).unwrap_or(chunk);
        if count == 0 {
            break;
        }
        put(&mut to, tenant, &records, &left, &mut chains).await?;
        size += count;
        taken += i64::try_from(left.len()).unwrap_or(chunk);
        octets += records.iter().map(|(.., bytes)| bytes.len()).sum::<usize>();
        // A gap in the log: what follows would stand in the wrong place, and the verification says so.
        if count < chunk {
            break;
        }
    }
    tiles(from, &mut to, first, size).await?;
    let checkpoints = checkpoints(from, &mut to, first, size).await?;
    let view =
        View { conn: Conn::SqliteRead(to), tenant, now: from.now(), shared: Arc::clone(from.shared()) };
    Ok(LogCopy {
        view,
        part: chains.part(first),
        size,
        aim: aim.min(size - 1),
        records: size - first - taken,
        tiles: size / TILE - first / TILE,
        checkpoints,
    })
}

/// The first leaf of the copy around `aim` in a log of `total`: that of a tile, and no further back than the copy reaches to the end.
fn beginning(aim: i64, total: i64, most: i64) -> i64 {
    let last = ((total - most).max(0) + TILE - 1) / TILE;
    ((aim - most / 2) / TILE).clamp(0, last) * TILE
}

/// The tree in front of the copy: its edge, and the tiles that it is made of.
async fn edge(from: &mut View, to: &mut SqliteConnection, first: i64) -> Result<()> {
    let (tenant, leaves) = (from.tenant(), first.unsigned_abs());
    let fetched = reader::fetch(&mut from.driver(), tenant, &Needs::edge(leaves)).await?;
    let frontier = Frontier::at(&fetched, leaves).map_err(|e| Error::Corrupt(e.to_string()))?;
    sqlx::query("INSERT INTO audit_tree (tenant, size, frontier, signed) VALUES (?, ?, ?, 0)")
        .bind(tenant.uuid())
        .bind(first)
        .bind(frontier.to_bytes())
        .execute(&mut *to)
        .await?;
    for (id, tile) in &fetched.tiles {
        sqlx::query("INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES (?, ?, ?, ?)")
            .bind(tenant.uuid())
            .bind(i64::from(id.level))
            .bind(id.index.cast_signed())
            .bind(tile.to_bytes())
            .execute(&mut *to)
            .await?;
    }
    Ok(())
}

/// An empty database in memory, without walls.
async fn empty() -> Result<Transaction<'static, Sqlite>> {
    let options = SqliteConnectOptions::new().in_memory(true).foreign_keys(false);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await?;
    let mut to = pool.begin().await?;
    migrate::on_empty(&mut to).await?;
    for wall in WALLS {
        sqlx::query(wall).execute(&mut *to).await?;
    }
    Ok(to)
}

async fn put(
    to: &mut SqliteConnection,
    tenant: TenantId,
    records: &[Stored],
    left: &[Left],
    chains: &mut Chains,
) -> Result<()> {
    EVENTS
        .insert(to, records, |query, (_, id, hash, bytes)| {
            query.bind(tenant.uuid()).bind(*id).bind(hash.as_slice()).bind(&**bytes)
        })
        .await?;
    let mut places = records
        .iter()
        .map(|(leaf, id, hash, bytes)| Ok((*leaf, leaf_of(*id, hash, bytes, None, None)?)))
        .collect::<Result<Vec<_>>>()?;
    for ((_, leaf), (.., bytes)) in places.iter().zip(records) {
        // Octets that are none are named by the verification.
        let prev = scan(bytes).ok().and_then(|fields| fields.prev);
        chains.add(&leaf.entity_type, leaf.entity_id, leaf.revision, leaf.hash, prev);
    }
    for (leaf, event, hash, entity_type, entity_id, revision, _) in left {
        places.push((*leaf, bare(*event, hash, entity_type, *entity_id, *revision)?));
    }
    for (_, _, hash, entity_type, entity_id, revision, prev) in left {
        let prev = prev.as_deref().map(stored_hash).transpose()?;
        chains.add(entity_type, *entity_id, *revision, stored_hash(hash)?, prev);
    }
    places.sort_unstable_by_key(|(leaf, _)| *leaf);
    let leaves: Vec<Leaf> = places.into_iter().map(|(_, leaf)| leaf).collect();
    let mut heads = HashMap::new();
    for leaf in &leaves {
        let head = heads.entry((leaf.entity_type.to_string(), leaf.entity_id)).or_insert((0, leaf.hash));
        // Records of one moment may stand in any order.
        if leaf.revision > head.0 {
            *head = (leaf.revision, leaf.hash);
        }
    }
    let heads: Vec<_> = heads.into_iter().collect();
    HEADS
        .insert(to, &heads, |query, ((kind, id), (revision, hash))| {
            query.bind(tenant.uuid()).bind(kind.as_str()).bind(*id).bind(*revision).bind(&hash.0[..])
        })
        .await?;
    integrate(&mut Driver::Sqlite(to), tenant, &leaves).await?;
    for (leaf, event, hash, entity_type, entity_id, revision, prev) in left {
        sqlx::query("DELETE FROM audit_leaf WHERE tenant = ? AND leaf_index = ?")
            .bind(tenant.uuid())
            .bind(*leaf)
            .execute(&mut *to)
            .await?;
        sqlx::query(
            "INSERT INTO audit_retired (tenant, leaf_index, event, hash, entity_type, entity_id, revision, prev, segment, retirement)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, zeroblob(16))",
        )
        .bind(tenant.uuid())
        .bind(*leaf)
        .bind(*event)
        .bind(hash.as_slice())
        .bind(entity_type.as_str())
        .bind(*entity_id)
        .bind(*revision)
        .bind(prev.as_deref())
        .execute(&mut *to)
        .await?;
    }
    Ok(())
}

/// A leaf of which only what is left is known.
fn bare(event: Uuid, hash: &[u8], entity_type: &str, entity_id: Uuid, revision: i64) -> Result<Leaf> {
    Ok(Leaf {
        event,
        hash: stored_hash(hash)?,
        recorded_at: 0,
        actor_kind: "".into(),
        actor_id: None,
        action: "".into(),
        outcome: "".into(),
        entity_type: entity_type.to_owned().into(),
        entity_id,
        revision,
        terms: Vec::new(),
    })
}

/// Puts the stored tiles in the place of those that were made from the records, on every level on which one is full.
async fn tiles(from: &mut View, to: &mut SqliteConnection, first: i64, size: i64) -> Result<()> {
    let tenant = from.tenant();
    for level in 0..8_i64 {
        let leaves = 8 * (level + 1);
        // What 2^64 leaves would be is more than there can be.
        let full = if leaves < 63 { first >> leaves..size >> leaves } else { 0..0 };
        for index in full {
            let stored: Option<(Vec<u8>,)> = row!(
                from,
                "SELECT hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx = $3",
                tenant.uuid(),
                level,
                index
            )?;
            sqlx::query("DELETE FROM audit_tile WHERE tenant = ? AND level = ? AND idx = ?")
                .bind(tenant.uuid())
                .bind(level)
                .bind(index)
                .execute(&mut *to)
                .await?;
            let Some((hashes,)) = stored else { continue };
            sqlx::query("INSERT INTO audit_tile (tenant, level, idx, hashes) VALUES (?, ?, ?, ?)")
                .bind(tenant.uuid())
                .bind(level)
                .bind(index)
                .bind(hashes)
                .execute(&mut *to)
                .await?;
        }
    }
    Ok(())
}

async fn checkpoints(from: &mut View, to: &mut SqliteConnection, first: i64, size: i64) -> Result<Vec<i64>> {
    let tenant = from.tenant();
    let stored: Vec<(i64, String, i64)> = rows!(
        from,
        "SELECT size, note, signed_at FROM audit_checkpoint WHERE tenant = $1 AND size <= $2 AND size >= $4 ORDER BY size DESC LIMIT $3",
        tenant.uuid(),
        size,
        CHECKPOINTS,
        first
    )?;
    for (size, note, signed_at) in &stored {
        sqlx::query("INSERT INTO audit_checkpoint (tenant, size, note, signed_at) VALUES (?, ?, ?, ?)")
            .bind(tenant.uuid())
            .bind(*size)
            .bind(note.as_str())
            .bind(*signed_at)
            .execute(&mut *to)
            .await?;
    }
    Ok(stored.into_iter().map(|(size, ..)| size).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_leaf_of_a_log_of_any_length_can_be_aimed_at_within_a_copy() {
        for total in [1, 255, 256, 512, 513, 1_000, 100_000] {
            for aim in (0..total).step_by(7).chain([total - 1]) {
                let first = beginning(aim, total, 512);
                assert!(first % TILE == 0 && first <= aim && aim < first + 512, "{aim} of {total}: {first}");
                assert!(first == 0 || total - first > 512 - TILE, "{aim} of {total}: {first}");
            }
        }
        assert_eq!(beginning(0, 0, 512), 0);
    }
}
