//! Fetching the stored hashes that a proof or a new tile needs.

use std::collections::btree_map::Entry;

use bailiwick_domain::ids::TenantId;
use bailiwick_proof::{
    tile::{Tile, TileId, WIDTH},
    tree::{Fetched, Needs},
};

use super::append::stored_hash;
use crate::{Error, Result, conn::Driver};

/// Everything that `needs` names; what is not stored is simply missing from the answer, and its reader says so.
pub(super) async fn fetch(driver: &mut Driver<'_>, tenant: TenantId, needs: &Needs) -> Result<Fetched> {
    let mut fetched = Fetched::default();
    for id in &needs.tiles {
        if let Some(tile) = tile(driver, tenant, *id).await? {
            fetched.tiles.insert(*id, tile);
        }
    }
    if let Some(range) = needs.leaf_range() {
        let bound = |n: u64| i64::try_from(n).map_err(|_| Error::Proof("the tree is too large".into()));
        let (from, to) = (bound(range.start)?, bound(range.end)?);
        let select = "SELECT leaf_index, hash FROM audit_leaf WHERE tenant = $1 AND leaf_index >= $2 AND leaf_index < $3";
        let rows: Vec<(i64, Vec<u8>)> = match driver {
            Driver::Sqlite(c) => {
                sqlx::query_as(select).bind(tenant.uuid()).bind(from).bind(to).fetch_all(&mut **c).await?
            }
            Driver::Postgres(c) => {
                sqlx::query_as(select).bind(tenant.uuid()).bind(from).bind(to).fetch_all(&mut **c).await?
            }
        };
        for (index, hash) in rows {
            fetched.leaves.insert(index.unsigned_abs(), stored_hash(&hash)?);
        }
        // A leaf that the retention took is known by its tile, which has filled since.
        for index in needs.leaves.iter().filter(|index| **index < range.end) {
            if fetched.leaves.contains_key(index) {
                continue;
            }
            let id = TileId { level: 0, index: index / WIDTH };
            if let Entry::Vacant(place) = fetched.tiles.entry(id)
                && let Some(tile) = tile(driver, tenant, id).await?
            {
                place.insert(tile);
            }
            let slot = usize::try_from(index % WIDTH).unwrap_or(usize::MAX);
            if let Some(hash) = fetched.tiles.get(&id).and_then(|tile| tile.hashes().get(slot)) {
                fetched.leaves.insert(*index, *hash);
            }
        }
    }
    Ok(fetched)
}

async fn tile(driver: &mut Driver<'_>, tenant: TenantId, id: TileId) -> Result<Option<Tile>> {
    let index = i64::try_from(id.index).map_err(|_| Error::Proof("the tree is too large".into()))?;
    let select = "SELECT hashes FROM audit_tile WHERE tenant = $1 AND level = $2 AND idx = $3";
    let bytes: Option<Vec<u8>> = match driver {
        Driver::Sqlite(c) => {
            sqlx::query_scalar(select)
                .bind(tenant.uuid())
                .bind(i64::from(id.level))
                .bind(index)
                .fetch_optional(&mut **c)
                .await?
        }
        Driver::Postgres(c) => {
            sqlx::query_scalar(select)
                .bind(tenant.uuid())
                .bind(i64::from(id.level))
                .bind(index)
                .fetch_optional(&mut **c)
                .await?
        }
    };
    bytes.map(|bytes| Tile::from_bytes(&bytes).map_err(|e| Error::Corrupt(e.to_string()))).transpose()
}
