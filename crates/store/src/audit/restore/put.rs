//! Putting records back where they were, and taking them again.

use std::collections::BTreeMap;

use bailiwick_domain::{entity::RestoreState, ids::AuditRestoreId, rule::ByJob};
use bailiwick_proof::{
    hash::{Hash, leaf_hash},
    tile::{TileId, WIDTH},
    tree::Needs,
};
use uuid::Uuid;

use super::{AT_ONCE, table};
use crate::{
    Error, Permit, Result, Store,
    audit::{
        self,
        append::stored_hash,
        integrate::{self, leaf_of},
        pack::pack,
        reader,
        retention::{octets, take},
        search,
    },
    lock::{execute, rows},
    store::Quiet,
    tenants,
    tx::{Scope, Tx},
};

/// A record as the archive gave it back.
#[derive(Clone, Debug)]
pub struct Back {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// Puts back what of these records the retention had taken, each held against what is left of it and against the hash tile. Returns how
/// many came back; nothing where the restore was ended meanwhile.
///
/// Not audited by itself: what was asked for is a record, and so is its end.
///
/// # Errors
/// [`Error::Corrupt`] for a record that is not the one that was taken.
pub async fn put(
    store: &Store,
    permit: &Permit<ByJob>,
    restore: AuditRestoreId,
    records: &[Back],
) -> Result<Option<i64>> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match put_in(&mut tx, restore, records).await {
        Ok(put) => {
            store.commit_quietly(tx, Quiet::RecordsRestored).await?;
            Ok(put)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn put_in(tx: &mut Tx, restore: AuditRestoreId, records: &[Back]) -> Result<Option<i64>> {
    let tenant = tx.tenant();
    // Sets of leaves are written anew by one at a time.
    tenants::lock_policy(tx).await?;
    if table::lock(tx, restore).await?.state != RestoreState::Waiting {
        return Ok(None);
    }
    let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(Some(0)) };
    let stubs: Vec<(i64, Uuid, Vec<u8>)> = rows!(
        tx,
        "SELECT r.leaf_index, r.event, r.hash FROM audit_retired r WHERE r.tenant = $1 AND r.leaf_index >= $2 AND r.leaf_index <= $3
           AND NOT EXISTS (SELECT 1 AS one FROM audit_leaf l WHERE l.tenant = r.tenant AND l.leaf_index = r.leaf_index) ORDER BY r.leaf_index",
        tenant.uuid(),
        first.leaf_index,
        last.leaf_index
    )?;
    let by_leaf: BTreeMap<i64, &[u8]> =
        records.iter().map(|record| (record.leaf_index, record.octets.as_slice())).collect();
    let tiles: Vec<_> = stubs.iter().map(|(leaf, ..)| tile_of(*leaf)).collect();
    let needs = Needs { tiles: tiles.into_iter().collect(), ..Needs::default() };
    let fetched = reader::fetch(&mut tx.driver(), tenant, &needs).await?;
    let mut leaves = Vec::with_capacity(stubs.len());
    for (leaf_index, event, hash) in stubs {
        let wrong =
            || Error::Corrupt(format!("leaf {leaf_index} of the archive is not the record that was taken"));
        let octets = by_leaf.get(&leaf_index).ok_or_else(wrong)?;
        let hash = stored_hash(&hash)?;
        let slot = usize::try_from(leaf_index.unsigned_abs() % WIDTH).unwrap_or(usize::MAX);
        let in_tile: Option<Hash> =
            fetched.tiles.get(&tile_of(leaf_index)).and_then(|tile| tile.hashes().get(slot).copied());
        if leaf_hash(octets) != hash || in_tile != Some(hash) {
            return Err(wrong());
        }
        let mut leaf = leaf_of(event, &hash.0, octets, None, None)?;
        // Whose the thing is stood beside the record, not in it.
        let owner = audit::owner(tx, &leaf.entity_type, leaf.entity_id).await?;
        leaf.terms.extend(owner.map(|user| search::Term::owner(user.uuid())));
        execute!(
            tx,
            "INSERT INTO audit_event (tenant, id, hash, bytes) VALUES ($1, $2, $3, $4)",
            tenant.uuid(),
            event,
            &hash.0[..],
            pack(octets)
        )?;
        integrate::insert_leaves(&mut tx.driver(), tenant, leaf_index, std::slice::from_ref(&leaf)).await?;
        execute!(
            tx,
            "INSERT INTO audit_restored (tenant, leaf_index, restore) VALUES ($1, $2, $3)",
            tenant.uuid(),
            leaf_index,
            restore.uuid()
        )?;
        leaves.push((leaf_index, leaf));
    }
    search::recall(&mut tx.driver(), tenant, &leaves).await?;
    Ok(Some(i64::try_from(leaves.len()).unwrap_or(i64::MAX)))
}

const fn tile_of(leaf: i64) -> TileId {
    TileId { level: 0, index: leaf.unsigned_abs() / WIDTH }
}

/// Takes some of the records again that a restore brought back and that no hold keeps. Returns how many went; none at the end.
///
/// Not audited by itself: the end of the restore is a record.
pub async fn take_back(store: &Store, permit: &Permit<ByJob>, restore: AuditRestoreId) -> Result<usize> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match take_in(&mut tx, restore).await {
        Ok(taken) => {
            store.commit_quietly(tx, Quiet::RecordsRestored).await?;
            Ok(taken)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn take_in(tx: &mut Tx, restore: AuditRestoreId) -> Result<usize> {
    let tenant = tx.tenant();
    // Whoever places a hold waits for this, or this for them.
    tenants::lock_policy(tx).await?;
    let found: Vec<(i64,)> = rows!(
        tx,
        "SELECT b.leaf_index FROM audit_restored b WHERE b.tenant = $1 AND b.restore = $2
           AND NOT EXISTS (SELECT 1 AS one FROM audit_held h WHERE h.tenant = b.tenant AND h.leaf_index = b.leaf_index)
         ORDER BY b.leaf_index LIMIT $3",
        tenant.uuid(),
        restore.uuid(),
        i64::try_from(AT_ONCE).unwrap_or(i64::MAX)
    )?;
    let leaves: Vec<i64> = found.into_iter().map(|(leaf,)| leaf).collect();
    if leaves.is_empty() {
        return Ok(0);
    }
    let records = octets(tx, &leaves).await?;
    let known: Vec<_> = records.into_iter().map(|record| (record.leaf_index, record.leaf)).collect();
    search::forget(&mut tx.driver(), tenant, &known).await?;
    take(tx, &leaves).await?;
    for leaf in &leaves {
        execute!(
            tx,
            "DELETE FROM audit_restored WHERE tenant = $1 AND leaf_index = $2",
            tenant.uuid(),
            *leaf
        )?;
    }
    Ok(leaves.len())
}
