//! The records of an export, newest first, some at a time: the memory they take does not depend on how many there are.

use std::collections::HashMap;

use bailiwick_proof::{
    Hash,
    tree::{Fetched, Needs, inclusion_proof},
};
use uuid::Uuid;

use super::Selection;
use crate::{
    Error, Result,
    audit::{
        append::stored_hash,
        pack::EventOctets,
        reader,
        search::{self, Place},
    },
    conn::by_ids,
    tx::Scope,
};

/// Records in one chunk.
pub const READ_AT_ONCE: i64 = 256;

/// Tiles that are kept for the proofs of the next records: four levels of a few neighbours, about half a megabyte.
const TILES_KEPT: usize = 64;

/// A record, with what proves it where that was asked for.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The place in the tree.
    pub leaf_index: i64,
    /// The leaf hash that was recorded.
    pub hash: Hash,
    /// The stored octets.
    pub octets: Vec<u8>,
    /// The hashes beside the path from the leaf to the root (RFC 9162 §2.1.3); none without proofs.
    pub path: Vec<Hash>,
}

/// Some records of an export.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The records, newest first.
    pub records: Vec<Exported>,
    /// The leaf before which the next chunk begins; nothing behind the last.
    pub next: Option<i64>,
}

/// Stored hashes that neighbouring records need as well, so that they are fetched once.
#[derive(Debug, Default)]
pub struct Proofs(Fetched);

/// The records of `selection` before the leaf `before`; where there are `proofs`, each with the one that it lies in the tree of `size`
/// leaves.
///
/// # Errors
/// [`Error::Corrupt`] for a record that is not there, or a hash of the tree that is not.
pub async fn chunk(
    scope: &mut impl Scope,
    selection: &Selection,
    size: i64,
    before: i64,
    mut proofs: Option<&mut Proofs>,
) -> Result<Chunk> {
    let place = Place::Before(before.min(size));
    let found = search::up_to(scope, &selection.sought()?, place, READ_AT_ONCE).await?;
    let events: Vec<Uuid> = found.items.iter().map(|listed| listed.event.uuid()).collect();
    let mut stored = stored(scope, &events).await?;
    let mut records = Vec::with_capacity(found.items.len());
    for listed in &found.items {
        let Some(leaf_index) = listed.leaf_index else { continue };
        let (hash, octets) = stored
            .remove(&listed.event.uuid())
            .ok_or_else(|| Error::Corrupt(format!("event {} is not there", listed.event)))?;
        let path = match proofs.as_deref_mut() {
            Some(proofs) => proofs.path(scope, leaf_index, size).await?,
            None => Vec::new(),
        };
        records.push(Exported { leaf_index, hash: stored_hash(&hash)?, octets: octets.0, path });
    }
    // It may be that nothing was found as far as was looked, and there is more behind it.
    let next = match found.older {
        Some(Place::Before(leaf)) => Some(leaf),
        _ => None,
    };
    Ok(Chunk { records, next })
}

/// The hash and the octets of each of these events that is there, read at once.
async fn stored(scope: &mut impl Scope, events: &[Uuid]) -> Result<HashMap<Uuid, (Vec<u8>, EventOctets)>> {
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Uuid, Vec<u8>, EventOctets)> = by_ids!(
        scope,
        events.iter().copied(),
        sqlite: "SELECT e.id, e.hash, e.bytes FROM json_each($2) AS n CROSS JOIN audit_event e
                 WHERE e.tenant = $1 AND e.id = unhex(n.value)",
        postgres: "SELECT e.id, e.hash, e.bytes FROM unnest($2::uuid[]) AS n (event)
                 JOIN audit_event e ON e.tenant = $1 AND e.id = n.event",
    )?;
    Ok(found.into_iter().map(|(id, hash, octets)| (id, (hash, octets))).collect())
}

impl Proofs {
    async fn path(&mut self, scope: &mut impl Scope, leaf_index: i64, size: i64) -> Result<Vec<Hash>> {
        let unprovable = |e: &dyn std::fmt::Display| Error::Proof(e.to_string());
        let (leaf, tree) = (leaf_index.unsigned_abs(), size.unsigned_abs());
        let mut needs = Needs::inclusion(leaf, tree).map_err(|e| unprovable(&e))?;
        if self.0.tiles.len() > TILES_KEPT {
            self.0.tiles.clear();
        }
        needs.tiles.retain(|tile| !self.0.tiles.contains_key(tile));
        needs.leaves.retain(|leaf| !self.0.leaves.contains_key(leaf));
        let tenant = scope.tenant();
        let fetched = reader::fetch(&mut scope.driver(), tenant, &needs).await?;
        self.0.tiles.extend(fetched.tiles);
        self.0.leaves.extend(fetched.leaves);
        inclusion_proof(&self.0, leaf, tree).map_err(|e| unprovable(&e))
    }
}
