//! One event with everything that is known of it, and the history of one entity.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    mem,
};

use bailiwick_domain::{ids::EventId, time::Timestamp};
use bailiwick_proof::{
    Hash,
    tree::{Needs, inclusion_proof, root_at},
};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{append::stored_hash, integrate, personal, reader, search::Listed};
use crate::{Error, Result, audit::pack::EventOctets, conn::on, page::LIMIT, tx::Scope};

/// An event as its page shows it.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The stored octets. Those that are no text, which nobody writes here, have marks in place of what cannot be read, and
    /// so do not give the hash.
    pub bytes: String,
    /// The leaf hash that was recorded. Octets that do not give it were altered.
    pub hash: Hash,
    /// The place in the tree and the proof of it; nothing for an event written a moment ago.
    pub proof: Option<Proof>,
    /// The values behind the event's commitments; those of erased subjects are missing.
    pub personal: HashMap<String, Value>,
}

/// That an event lies in the tree: in the one that the checkpoint vouches for, or in the newest one where none is signed yet.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The leaf.
    pub leaf_index: i64,
    /// The size of the tree that the proof leads to: that of the checkpoint, unless the stored log is shorter.
    pub size: i64,
    /// That tree's root, computed from the stored hashes.
    pub root: Hash,
    /// The hashes beside the path from the leaf to the root (RFC 9162 §2.1.3).
    pub path: Vec<Hash>,
    /// The oldest published checkpoint that covers the leaf, as a signed note.
    pub checkpoint: Option<String>,
    /// When that was signed.
    pub signed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    hash: Vec<u8>,
    bytes: EventOctets,
    leaf_index: Option<i64>,
}

/// One event.
pub async fn event_page(scope: &mut impl Scope, event: EventId) -> Result<EventPage> {
    let tenant = scope.tenant();
    let row: Row = on!(scope, |c| {
        sqlx::query_as(
        "SELECT e.hash, e.bytes, l.leaf_index FROM audit_event e LEFT JOIN audit_leaf l ON l.tenant = e.tenant AND l.event = e.id
         WHERE e.tenant = $1 AND e.id = $2"
    )
    .bind(tenant.uuid())
    .bind(event.uuid())
    .fetch_one(c)
    .await
    })?;
    let sealed: Vec<(Uuid, Vec<u8>)> = on!(scope, |c| sqlx::query_as(
        "SELECT subject, sealed FROM audit_personal WHERE tenant = $1 AND event = $2"
    )
    .bind(tenant.uuid())
    .bind(event.uuid())
    .fetch_all(c)
    .await)?;
    let personal = personal::reveal(scope, event, sealed).await?;
    let proof = match row.leaf_index {
        Some(leaf) => Some(proof(scope, leaf).await?),
        None => None,
    };
    let bytes = String::from_utf8_lossy(&row.bytes).into_owned();
    Ok(EventPage { bytes, hash: stored_hash(&row.hash)?, proof, personal })
}

pub(super) async fn proof(scope: &mut impl Scope, leaf_index: i64) -> Result<Proof> {
    let mut proofs = proofs(scope, [leaf_index].into()).await?;
    proofs.remove(&leaf_index).ok_or_else(|| Error::Proof("a leaf without a proof".into()))
}

/// That each of these leaves lies in the tree, by leaf. What the proofs share is fetched once.
pub(super) async fn proofs(scope: &mut impl Scope, leaves: BTreeSet<i64>) -> Result<BTreeMap<i64, Proof>> {
    let tenant = scope.tenant();
    let (newest, frontier) = integrate::tree(&mut scope.driver(), tenant).await?;
    let unprovable = |e: &dyn std::fmt::Display| Error::Proof(e.to_string());
    let (mut left, mut proofs) = (leaves, BTreeMap::new());
    while let Some(first) = left.first() {
        let oldest = oldest_over(scope, *first).await?;
        // No older one covers any leaf before its end.
        let end = oldest.as_ref().map_or(i64::MAX, |(size, ..)| *size);
        let beyond = left.split_off(&end);
        let covered = mem::replace(&mut left, beyond);
        // A log that is shorter than what was signed leads to no signed root: whoever compares the two sizes sees it.
        let size = oldest.as_ref().map(|(size, ..)| *size).filter(|size| *size <= newest).unwrap_or(newest);
        let tree = size.unsigned_abs();
        let mut needs = if size == newest { Needs::default() } else { Needs::root(tree) };
        for leaf in &covered {
            let one = Needs::inclusion(leaf.unsigned_abs(), tree).map_err(|e| unprovable(&e))?;
            needs.tiles.extend(one.tiles);
            needs.leaves.extend(one.leaves);
        }
        let fetched = reader::fetch(&mut scope.driver(), tenant, &needs).await?;
        let root = if size == newest {
            frontier.root()
        } else {
            root_at(&fetched, tree).map_err(|e| unprovable(&e))?
        };
        let (checkpoint, signed_at) = oldest.map(|(_, note, at)| (note, Timestamp::from_micros(at))).unzip();
        for leaf_index in covered {
            let path =
                inclusion_proof(&fetched, leaf_index.unsigned_abs(), tree).map_err(|e| unprovable(&e))?;
            let checkpoint = checkpoint.clone();
            proofs.insert(leaf_index, Proof { leaf_index, size, root, path, checkpoint, signed_at });
        }
    }
    Ok(proofs)
}

/// Size, text and time of the oldest published checkpoint that covers a leaf.
async fn oldest_over(scope: &mut impl Scope, leaf_index: i64) -> Result<Option<(i64, String, i64)>> {
    let tenant = scope.tenant();
    Ok(on!(scope, |c| {
        sqlx::query_as(
        "SELECT size, note, signed_at FROM audit_checkpoint WHERE tenant = $1 AND size > $2 ORDER BY size LIMIT 1"
    )
    .bind(tenant.uuid())
    .bind(leaf_index)
    .fetch_optional(c)
    .await
    })?)
}

/// A revision of an entity as its history shows it.
#[derive(Clone, Debug)]
pub struct Revision {
    /// What the search knows of it.
    pub listed: Listed,
    /// The stored octets. Those that are no text, which nobody writes here, have marks in place of what cannot be read, and
    /// so do not give the hash.
    pub bytes: String,
    /// The leaf hash in the tree. Octets that do not give it were altered.
    pub hash: Hash,
}

/// The events of one entity with their octets, newest first, before `revision` if one is given.
pub async fn entity_history(
    scope: &mut impl Scope,
    kind: &str,
    id: Uuid,
    before: Option<i64>,
) -> Result<Vec<Revision>> {
    let tenant = scope.tenant();
    #[derive(FromRow)]
    struct Row {
        #[sqlx(flatten)]
        listed: Listed,
        bytes: EventOctets,
        hash: Vec<u8>,
    }
    let rows: Vec<Row> = on!(scope, |c| {
        sqlx::query_as(
        "SELECT l.leaf_index, l.event, l.recorded_at, l.actor_kind, l.actor_id, l.action, l.outcome, l.entity_type, l.entity_id, l.revision, e.bytes, l.hash
         FROM audit_leaf l JOIN audit_event e ON e.tenant = l.tenant AND e.id = l.event
         WHERE l.tenant = $1 AND l.entity_type = $2 AND l.entity_id = $3 AND l.revision < $4 ORDER BY l.revision DESC LIMIT $5"
    )
    .bind(tenant.uuid())
    .bind(kind)
    .bind(id)
    .bind(before.unwrap_or(i64::MAX))
    .bind(LIMIT)
    .fetch_all(c)
    .await
    })?;
    rows.into_iter()
        .map(|row| {
            Ok(Revision {
                listed: row.listed,
                bytes: String::from_utf8_lossy(&row.bytes).into_owned(),
                hash: stored_hash(&row.hash)?,
            })
        })
        .collect()
}

/// The values behind the commitments of several events, for a page that shows them together.
pub async fn revealed(scope: &mut impl Scope, events: &[EventId]) -> Result<HashMap<String, Value>> {
    let tenant = scope.tenant();
    let mut all = HashMap::new();
    for event in events {
        let sealed: Vec<(Uuid, Vec<u8>)> = on!(scope, |c| sqlx::query_as(
            "SELECT subject, sealed FROM audit_personal WHERE tenant = $1 AND event = $2"
        )
        .bind(tenant.uuid())
        .bind(event.uuid())
        .fetch_all(c)
        .await)?;
        all.extend(personal::reveal(scope, *event, sealed).await?);
    }
    Ok(all)
}

/// A published checkpoint of the tenant's tree.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The size of the tree that it vouches for.
    pub size: i64,
    /// The signed note; the copy outside the database is the authority.
    pub note: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// The tenant's newest published checkpoint.
pub async fn newest_checkpoint(scope: &mut impl Scope) -> Result<Option<Signed>> {
    let tenant = scope.tenant();
    let row: Option<(i64, String, i64)> = on!(scope, |c| sqlx::query_as(
        "SELECT size, note, signed_at FROM audit_checkpoint WHERE tenant = $1 ORDER BY size DESC LIMIT 1"
    )
    .bind(tenant.uuid())
    .fetch_optional(c)
    .await)?;
    Ok(row.map(|(size, note, at)| Signed { size, note, at: Timestamp::from_micros(at) }))
}

/// When the tenant's newest checkpoint was signed.
pub async fn last_signed(scope: &mut impl Scope) -> Result<Option<Timestamp>> {
    let tenant = scope.tenant();
    let at: Option<i64> = on!(scope, |c| sqlx::query_scalar(
        "SELECT signed_at FROM audit_checkpoint WHERE tenant = $1 ORDER BY size DESC LIMIT 1"
    )
    .bind(tenant.uuid())
    .fetch_optional(c)
    .await)?;
    Ok(at.map(Timestamp::from_micros))
}
