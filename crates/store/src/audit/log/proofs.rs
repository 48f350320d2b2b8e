//! That a leaf lies in a tree, and that a tree begins with another.

use bailiwick_domain::ids::EventId;
use bailiwick_proof::{
    Hash,
    tile::{TileId, WIDTH},
    tree::{Needs, consistency_proof, inclusion_proof, root_at},
};

use crate::{
    Error, Result,
    audit::{append::stored_hash, integrate, reader},
    lock::{row, rows},
    tx::Scope,
};

/// Tiles that are looked through for a hash at most, the newest first: some 262,000 records.
const TILES: u64 = 1024;
/// Tiles read at once.
const AT_ONCE: i64 = 64;

/// A leaf of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place, from zero.
    pub index: i64,
    /// Its hash.
    pub hash: Hash,
}

/// That a leaf lies in a tree.
#[derive(Clone, Debug)]
pub struct Inclusion {
    /// The leaf.
    pub leaf: Leaf,
    /// The size of the tree.
    pub size: i64,
    /// Its root.
    pub root: Hash,
    /// The hashes beside the path, nearest the leaf first (RFC 9162 §2.1.3).
    pub path: Vec<Hash>,
}

/// That a tree begins with a smaller one.
#[derive(Clone, Debug)]
pub struct Consistency {
    /// The smaller size.
    pub from: i64,
    /// The larger size.
    pub to: i64,
    /// The smaller tree's root.
    pub from_root: Hash,
    /// The larger tree's root.
    pub to_root: Hash,
    /// The hashes of the proof (RFC 9162 §2.1.4).
    pub path: Vec<Hash>,
}

/// The leaf of an event, also of one that the retention took; nothing for one that has no place in the tree yet, or is not there.
pub async fn leaf_of_event(scope: &mut impl Scope, event: EventId) -> Result<Option<Leaf>> {
    let tenant = scope.tenant();
    let found: Option<(i64, Vec<u8>)> = row!(
        scope,
        "SELECT leaf_index, hash FROM audit_leaf WHERE tenant = $1 AND event = $2
         UNION SELECT leaf_index, hash FROM audit_retired WHERE tenant = $1 AND event = $2 LIMIT 1",
        tenant.uuid(),
        event.uuid()
    )?;
    found.map(leaf).transpose()
}

/// The leaf at a place.
pub async fn leaf_at(scope: &mut impl Scope, index: i64) -> Result<Option<Leaf>> {
    let tenant = scope.tenant();
    let found: Option<(i64, Vec<u8>)> = row!(
        scope,
        "SELECT leaf_index, hash FROM audit_leaf WHERE tenant = $1 AND leaf_index = $2
         UNION SELECT leaf_index, hash FROM audit_retired WHERE tenant = $1 AND leaf_index = $2 LIMIT 1",
        tenant.uuid(),
        index
    )?;
    found.map(leaf).transpose()
}

/// The newest leaf with this hash. Hashes have no index, since nothing else is looked up by one: the newest 1,024 tiles are
/// looked through.
pub async fn leaf_of_hash(scope: &mut impl Scope, hash: &Hash) -> Result<Option<Leaf>> {
    let tenant = scope.tenant();
    let (size, _) = integrate::tree(&mut scope.driver(), tenant).await?;
    let full = size.unsigned_abs() / WIDTH;
    let edge = i64::try_from(full * WIDTH).unwrap_or(i64::MAX);
    let behind: Vec<(i64, Vec<u8>)> = rows!(
        scope,
        "SELECT leaf_index, hash FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2 ORDER BY leaf_index DESC LIMIT 256",
        tenant.uuid(),
        edge
    )?;
    if let Some(found) = behind.into_iter().find(|(_, found)| *found == hash.0) {
        return leaf(found).map(Some);
    }
    let last = i64::try_from(full.saturating_sub(TILES)).unwrap_or(i64::MAX);
    let mut before = i64::try_from(full).unwrap_or(i64::MAX);
    while before > last {
        let tiles: Vec<(i64, Vec<u8>)> = rows!(
            scope,
            "SELECT idx, hashes FROM audit_tile WHERE tenant = $1 AND level = 0 AND idx < $2 AND idx >= $3 ORDER BY idx DESC LIMIT $4",
            tenant.uuid(),
            before,
            last,
            AT_ONCE
        )?;
        let Some((lowest, _)) = tiles.last() else { break };
        before = *lowest;
        for (index, hashes) in &tiles {
            let slot = hashes.as_chunks::<32>().0.iter().rposition(|found| *found == hash.0);
            if let Some(slot) = slot {
                let id = TileId { level: 0, index: index.unsigned_abs() };
                let index = i64::try_from(id.first_leaf(slot as u64)).unwrap_or(i64::MAX);
                return Ok(Some(Leaf { index, hash: *hash }));
            }
        }
    }
    Ok(None)
}

/// The proof that a leaf lies in the tree of `size` leaves.
///
/// # Errors
/// [`Error::NotFound`] for a tree that does not hold the leaf, or that there is not.
pub async fn inclusion(scope: &mut impl Scope, leaf: Leaf, size: i64) -> Result<Inclusion> {
    let tenant = scope.tenant();
    let newest = integrate::tree(&mut scope.driver(), tenant).await?.0;
    if leaf.index < 0 || size <= leaf.index || size > newest {
        return Err(Error::NotFound);
    }
    let (index, tree) = (leaf.index.unsigned_abs(), size.unsigned_abs());
    let mut needs = Needs::inclusion(index, tree).map_err(|e| unprovable(&e))?;
    let root = Needs::root(tree);
    needs.tiles.extend(root.tiles);
    needs.leaves.extend(root.leaves);
    let fetched = reader::fetch(&mut scope.driver(), tenant, &needs).await?;
    let path = inclusion_proof(&fetched, index, tree).map_err(|e| unprovable(&e))?;
    let root = root_at(&fetched, tree).map_err(|e| unprovable(&e))?;
    Ok(Inclusion { leaf, size, root, path })
}

/// The proof that the tree of `to` leaves begins with the tree of `from`.
///
/// # Errors
/// [`Error::NotFound`] for sizes that the tree never had.
pub async fn consistency(scope: &mut impl Scope, from: i64, to: i64) -> Result<Consistency> {
    let tenant = scope.tenant();
    let newest = integrate::tree(&mut scope.driver(), tenant).await?.0;
    if from < 0 || from > to || to > newest {
        return Err(Error::NotFound);
    }
    let (old, new) = (from.unsigned_abs(), to.unsigned_abs());
    let needs = Needs::consistency(old, new).map_err(|e| unprovable(&e))?;
    let fetched = reader::fetch(&mut scope.driver(), tenant, &needs).await?;
    let path = consistency_proof(&fetched, old, new).map_err(|e| unprovable(&e))?;
    let mut roots = [bailiwick_proof::empty_root(); 2];
    for (root, size) in roots.iter_mut().zip([old, new]) {
        // Apart, because each has a right edge of its own.
        let fetched = reader::fetch(&mut scope.driver(), tenant, &Needs::root(size)).await?;
        *root = root_at(&fetched, size).map_err(|e| unprovable(&e))?;
    }
    let [from_root, to_root] = roots;
    Ok(Consistency { from, to, from_root, to_root, path })
}

fn leaf((index, hash): (i64, Vec<u8>)) -> Result<Leaf> {
    Ok(Leaf { index, hash: stored_hash(&hash)? })
}

fn unprovable(error: &dyn std::fmt::Display) -> Error {
    Error::Proof(error.to_string())
}
