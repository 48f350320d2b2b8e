//! Many leaves in one row: on its way from the database a row costs more than what stands in it.
//!
//! Whatever does not fit to the octet is no finding here. The same leaves are read row by row then, and what is wrong with them is named.

use std::collections::HashMap;

use bailiwick_proof::{
    hash::Hash,
    tile::{Tile, TileId},
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{CHUNK, VerifyError};
use crate::{
    Error,
    conn::Driver,
    lock::rows,
    tx::{Scope, View},
};

/// A leaf and its event, as they are stored.
pub(super) struct Leaf<'a> {
    pub(super) leaf_index: i64,
    pub(super) event: Uuid,
    /// The hash that both have.
    pub(super) hash: Hash,
    /// As they lie in the database. They are unpacked one by one as they are checked: packed, a stretch is small whatever it says.
    pub(super) packed: &'a [u8],
    pub(super) recorded_at: i64,
    pub(super) actor_kind: &'a [u8],
    pub(super) actor_id: Option<Uuid>,
    pub(super) action: &'a [u8],
    pub(super) outcome: &'a [u8],
    pub(super) entity_type: &'a [u8],
    pub(super) entity_id: Uuid,
    pub(super) revision: i64,
}

/// Some leaves, and the tiles that they complete.
pub(super) struct Stretch {
    packed: Packed,
    tiles: HashMap<TileId, Vec<u8>>,
}

enum Packed {
    Columns(Box<Columns>),
    Records(Option<Vec<u8>>),
}

/// From SQLite, each column as one value. An aggregate leaves out what is not there, so of each of them so many must come as there are
/// leaves.
#[derive(FromRow)]
struct Columns {
    leaves: i64,
    /// Of how many the types and lengths are right, and the hashes of leaf and event the same.
    sound: Option<i64>,
    leaf_index: Option<Vec<u8>>,
    event: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    bytes: Option<Vec<u8>>,
    octets: Option<Vec<u8>>,
    recorded_at: Option<Vec<u8>>,
    actor_kind: Option<Vec<u8>>,
    actor_id: Option<Vec<u8>>,
    /// A digit for each leaf: whether it has one.
    actor: Option<Vec<u8>>,
    action: Option<Vec<u8>>,
    outcome: Option<Vec<u8>>,
    entity_type: Option<Vec<u8>>,
    entity_id: Option<Vec<u8>>,
    revision: Option<Vec<u8>>,
}

impl Stretch {
    /// Reads the leaves from `from` on, as many as are read at once.
    pub(super) async fn read(view: &mut View, from: i64) -> Result<Self, VerifyError> {
        let tenant = view.tenant().uuid();
        let packed = match view.driver() {
            Driver::Sqlite(c) => Packed::Columns(Box::new(
                sqlx::query_as(
                    "SELECT count(*) AS leaves,
                        sum(hash = leaf_hash AND length(hash) = 32 AND length(event) = 16 AND length(entity_id) = 16
                            AND (actor_id IS NULL OR length(actor_id) = 16) AND typeof(bytes) = 'blob' AND typeof(actor_kind) = 'text'
                            AND typeof(action) = 'text' AND typeof(outcome) = 'text' AND typeof(entity_type) = 'text'
                            AND typeof(leaf_index) = 'integer' AND typeof(recorded_at) = 'integer' AND typeof(revision) = 'integer') AS sound,
                        CAST(group_concat(leaf_index, x'0a') AS BLOB) AS leaf_index, CAST(group_concat(event, '') AS BLOB) AS event,
                        CAST(group_concat(hash, '') AS BLOB) AS hash, CAST(group_concat(bytes, '') AS BLOB) AS bytes,
                        CAST(group_concat(length(bytes), x'0a') AS BLOB) AS octets, CAST(group_concat(recorded_at, x'0a') AS BLOB) AS recorded_at,
                        CAST(group_concat(actor_kind, x'0a') AS BLOB) AS actor_kind, CAST(group_concat(actor_id, '') AS BLOB) AS actor_id,
                        CAST(group_concat(actor_id IS NOT NULL, '') AS BLOB) AS actor, CAST(group_concat(action, x'0a') AS BLOB) AS action,
                        CAST(group_concat(outcome, x'0a') AS BLOB) AS outcome, CAST(group_concat(entity_type, x'0a') AS BLOB) AS entity_type,
                        CAST(group_concat(entity_id, '') AS BLOB) AS entity_id, CAST(group_concat(revision, x'0a') AS BLOB) AS revision
                     FROM (SELECT l.leaf_index, l.event, e.hash, l.hash AS leaf_hash, e.bytes, l.recorded_at, l.actor_kind, l.actor_id, l.action,
                            l.outcome, l.entity_type, l.entity_id, l.revision
                           FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
                           WHERE l.tenant = $1 AND l.leaf_index >= $2 ORDER BY l.leaf_index LIMIT $3) AS turn",
                )
                .bind(tenant)
                .bind(from)
                .bind(CHUNK)
                .fetch_one(c)
                .await?,
            )),
            Driver::Postgres(c) => Packed::Records(
                sqlx::query_scalar(
                    "SELECT string_agg(record_send(r), ''::bytea) AS pg_records
                     FROM (SELECT l.leaf_index, l.event, e.hash, l.hash AS leaf_hash, e.bytes, l.recorded_at, l.actor_kind, l.actor_id, l.action,
                            l.outcome, l.entity_type, l.entity_id, l.revision
                           FROM audit_leaf l LEFT JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
                           WHERE l.tenant = $1 AND l.leaf_index >= $2 ORDER BY l.leaf_index LIMIT $3) AS r",
                )
                .bind(tenant)
                .bind(from)
                .bind(CHUNK)
                .fetch_one(c)
                .await?,
            ),
        };
        let mut tiles = HashMap::new();
        for level in 0..8_u8 {
            // A tile is complete with the last leaf below it.
            let span = 8 * (u32::from(level) + 1);
            let number = |leaf: i64| leaf.checked_shr(span).unwrap_or(0);
            let (first, end) = (number(from), number(from.saturating_add(CHUNK)));
            if first == end {
                break;
            }
            let found: Vec<(i64, Vec<u8>)> = rows!(
                view,
                "SELECT idx, hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx >= $3 AND idx < $4",
                tenant,
                i64::from(level),
                first,
                end
            )?;
            tiles.extend(
                found
                    .into_iter()
                    .map(|(index, hashes)| (TileId { level, index: index.unsigned_abs() }, hashes)),
            );
        }
        Ok(Self { packed, tiles })
    }

    /// The leaves in their order; nothing where any of them is not as it should be.
    pub(super) fn leaves(&self) -> Option<Vec<Leaf<'_>>> {
        let leaves = match &self.packed {
            Packed::Columns(columns) => columns.leaves()?,
            Packed::Records(records) => records_of(records.as_deref().unwrap_or_default())?,
        };
        let ascending = leaves.is_sorted_by(|one, next| one.leaf_index < next.leaf_index);
        ascending.then_some(leaves)
    }

    /// A stored tile that these leaves complete.
    pub(super) fn tile(&self, id: TileId) -> Result<Option<Tile>, VerifyError> {
        let tile = self.tiles.get(&id).map(|hashes| Tile::from_bytes(hashes)).transpose();
        Ok(tile.map_err(|e| Error::Corrupt(e.to_string()))?)
    }
}

impl Columns {
    fn leaves(&self) -> Option<Vec<Leaf<'_>>> {
        let count = usize::try_from(self.leaves).ok()?;
        if count == 0 {
            return Some(Vec::new());
        }
        if self.sound != Some(self.leaves) {
            return None;
        }
        let leaf_index = numbers(self.leaf_index.as_deref(), count)?;
        let events = ids(self.event.as_deref(), count)?;
        let (hashes, rest) = self.hash.as_deref()?.as_chunks::<32>();
        let octets = numbers(self.octets.as_deref(), count)?;
        let recorded_at = numbers(self.recorded_at.as_deref(), count)?;
        let actor_kind = texts(self.actor_kind.as_deref(), count)?;
        let actor = self.actor.as_deref()?;
        let actors = actor.iter().filter(|digit| **digit == b'1').count();
        let (actor_id, odd) = self.actor_id.as_deref().unwrap_or_default().as_chunks::<16>();
        let mut actor_id = (actor_id.len() == actors && odd.is_empty()).then_some(actor_id)?.iter();
        let action = texts(self.action.as_deref(), count)?;
        let outcome = texts(self.outcome.as_deref(), count)?;
        let entity_type = texts(self.entity_type.as_deref(), count)?;
        let entity_id = ids(self.entity_id.as_deref(), count)?;
        let revision = numbers(self.revision.as_deref(), count)?;
        if hashes.len() != count || !rest.is_empty() || actor.len() != count {
            return None;
        }
        let mut bytes = self.bytes.as_deref()?;
        let mut leaves = Vec::with_capacity(count);
        for place in 0..count {
            let (own, behind) = bytes.split_at_checked(usize::try_from(*octets.get(place)?).ok()?)?;
            bytes = behind;
            leaves.push(Leaf {
                leaf_index: *leaf_index.get(place)?,
                event: Uuid::from_bytes(*events.get(place)?),
                hash: Hash(*hashes.get(place)?),
                packed: own,
                recorded_at: *recorded_at.get(place)?,
                actor_kind: actor_kind.get(place).copied()?,
                actor_id: match actor.get(place)? {
                    b'1' => Some(Uuid::from_bytes(*actor_id.next()?)),
                    _ => None,
                },
                action: action.get(place).copied()?,
                outcome: outcome.get(place).copied()?,
                entity_type: entity_type.get(place).copied()?,
                entity_id: Uuid::from_bytes(*entity_id.get(place)?),
                revision: *revision.get(place)?,
            });
        }
        bytes.is_empty().then_some(leaves)
    }
}

/// Texts with a line break between each two. One that holds a line break itself makes one too many.
fn texts(joined: Option<&[u8]>, count: usize) -> Option<Vec<&[u8]>> {
    let texts: Vec<_> = joined?.split(|octet| *octet == b'\n').collect();
    (texts.len() == count).then_some(texts)
}

fn numbers(joined: Option<&[u8]>, count: usize) -> Option<Vec<i64>> {
    let numbers = std::str::from_utf8(joined?).ok()?.split('\n').map(|number| number.parse().ok());
    let numbers = numbers.collect::<Option<Vec<i64>>>()?;
    (numbers.len() == count).then_some(numbers)
}

fn ids(joined: Option<&[u8]>, count: usize) -> Option<&[[u8; 16]]> {
    let (ids, rest) = joined?.as_chunks::<16>();
    (ids.len() == count && rest.is_empty()).then_some(ids)
}

/// The types of PostgreSQL (`pg_type.oid`) that the columns have.
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const TEXT: u32 = 25;
const UUID: u32 = 2950;

/// From PostgreSQL, records as `record_send` writes them: how many columns, and for each its type, its length and its octets.
fn records_of(mut at: &[u8]) -> Option<Vec<Leaf<'_>>> {
    let mut leaves = Vec::with_capacity(usize::try_from(CHUNK).unwrap_or_default());
    while !at.is_empty() {
        let (columns, rest) = at.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*columns) != 13 {
            return None;
        }
        at = rest;
        let leaf_index = number(&mut at)?;
        let event = id(&mut at)??;
        let hash: [u8; 32] = column(&mut at, BYTEA)??.try_into().ok()?;
        if column(&mut at, BYTEA)?? != hash {
            return None;
        }
        leaves.push(Leaf {
            leaf_index,
            event,
            hash: Hash(hash),
            packed: column(&mut at, BYTEA)??,
            recorded_at: number(&mut at)?,
            actor_kind: column(&mut at, TEXT)??,
            actor_id: id(&mut at)?,
            action: column(&mut at, TEXT)??,
            outcome: column(&mut at, TEXT)??,
            entity_type: column(&mut at, TEXT)??,
            entity_id: id(&mut at)??,
            revision: number(&mut at)?,
        });
    }
    Some(leaves)
}

/// The next column, which must have this type: its octets, or that it has none.
fn column<'a>(at: &mut &'a [u8], of: u32) -> Option<Option<&'a [u8]>> {
    let (head, rest) = at.split_first_chunk::<8>()?;
    let (kind, length) = (head.first_chunk::<4>()?, head.last_chunk::<4>()?);
    if u32::from_be_bytes(*kind) != of {
        return None;
    }
    let length = i32::from_be_bytes(*length);
    if length == -1 {
        *at = rest;
        return Some(None);
    }
    let (octets, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *at = rest;
    Some(Some(octets))
}

fn number(at: &mut &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(column(at, INT8)??.try_into().ok()?))
}

fn id(at: &mut &[u8]) -> Option<Option<Uuid>> {
    match column(at, UUID)? {
        None => Some(None),
        Some(octets) => Some(Some(Uuid::from_bytes(octets.try_into().ok()?))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn columns(actions: &str, actors: &str, octets: &str) -> Columns {
        let octets_of = |text: &str| Some(text.as_bytes().to_vec());
        Columns {
            leaves: 2,
            sound: Some(2),
            leaf_index: octets_of("7\n8"),
            event: Some(vec![1; 32]),
            hash: Some(vec![2; 64]),
            bytes: octets_of("onetwo"),
            octets: octets_of(octets),
            recorded_at: octets_of("1\n-2"),
            actor_kind: octets_of("user\nsystem"),
            actor_id: Some(vec![3; 16]),
            actor: octets_of(actors),
            action: octets_of(actions),
            outcome: octets_of("ok\nok"),
            entity_type: octets_of("user\nteam"),
            entity_id: Some(vec![4; 32]),
            revision: octets_of("1\n2"),
        }
    }

    #[test]
    fn leaves_are_read_from_columns() {
        let columns = columns("a.b\nc.d", "10", "3\n3");
        let leaves = columns.leaves().unwrap();
        let [first, second] = leaves.as_slice() else { panic!("two leaves") };
        assert_eq!((first.leaf_index, first.packed, first.action), (7, &b"one"[..], &b"a.b"[..]));
        assert_eq!((first.actor_id, second.actor_id), (Some(Uuid::from_bytes([3; 16])), None));
        assert_eq!((second.packed, second.recorded_at, second.entity_type), (&b"two"[..], -2, &b"team"[..]));
    }

    #[test]
    fn whatever_does_not_add_up_is_not_read_from_columns() {
        // One text too many, one too few, octets left over and missing, an actor without an id and an id without an actor.
        for (actions, actors, octets) in [
            ("a\nb\nc", "10", "3\n3"),
            ("ab", "10", "3\n3"),
            ("a\nb", "10", "3\n2"),
            ("a\nb", "10", "3\n4"),
            ("a\nb", "11", "3\n3"),
            ("a\nb", "00", "3\n3"),
            ("a\nb", "1", "3\n3"),
        ] {
            assert!(columns(actions, actors, octets).leaves().is_none(), "{actions:?} {actors} {octets:?}");
        }
        let unsound = Columns { sound: Some(1), ..columns("a\nb", "10", "3\n3") };
        assert!(unsound.leaves().is_none());
    }

    /// A record as `record_send` writes it; `None` is a column without a value.
    fn record(leaf: i64, leaf_hash: [u8; 32], kind: u32, event: Option<&[u8]>) -> Vec<u8> {
        let number = leaf.to_be_bytes();
        let columns: [(u32, Option<&[u8]>); 13] = [
            (INT8, Some(&number)),
            (UUID, Some(&[1; 16])),
            (BYTEA, Some(&[2; 32])),
            (BYTEA, Some(&leaf_hash)),
            (BYTEA, event),
            (INT8, Some(&number)),
            (kind, Some(b"user")),
            (UUID, None),
            (TEXT, Some(b"a.b")),
            (TEXT, Some(b"ok")),
            (TEXT, Some(b"user")),
            (UUID, Some(&[4; 16])),
            (INT8, Some(&number)),
        ];
        let mut octets = 13_u32.to_be_bytes().to_vec();
        for (kind, value) in columns {
            octets.extend(kind.to_be_bytes());
            octets.extend(value.map_or(-1, |value| i32::try_from(value.len()).unwrap()).to_be_bytes());
            octets.extend(value.unwrap_or_default());
        }
        octets
    }

    #[test]
    fn leaves_are_read_from_records_that_are_as_they_should_be() {
        let good = [record(7, [2; 32], TEXT, Some(b"one")), record(8, [2; 32], TEXT, Some(b"two"))].concat();
        let leaves = records_of(&good).unwrap();
        let read: Vec<_> = leaves.iter().map(|leaf| (leaf.leaf_index, leaf.packed, leaf.actor_id)).collect();
        assert_eq!(read, [(7, &b"one"[..], None), (8, &b"two"[..], None)]);
        assert!(records_of(&[]).unwrap().is_empty());
        assert!(
            (1..good.len())
                .all(|end| end == good.len() / 2 || records_of(good.get(..end).unwrap()).is_none())
        );
        for bad in [
            record(7, [3; 32], TEXT, Some(b"one")),
            record(7, [2; 32], BYTEA, Some(b"one")),
            record(7, [2; 32], TEXT, None),
        ] {
            assert!(records_of(&bad).is_none());
        }
        let stretch = |leaves: [i64; 2]| Stretch {
            packed: Packed::Records(Some(
                leaves.map(|leaf| record(leaf, [2; 32], TEXT, Some(b"one"))).concat(),
            )),
            tiles: HashMap::new(),
        };
        assert_eq!(stretch([7, 9]).leaves().map(|leaves| leaves.len()), Some(2));
        assert!(stretch([9, 7]).leaves().is_none(), "they come in their order");
        assert!(stretch([7, 7]).leaves().is_none());
    }
}
