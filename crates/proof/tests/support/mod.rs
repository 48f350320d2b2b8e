//! A naive reference tree and a log to tamper with, shared by the tests.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests use different parts of it"
)]

pub mod log;

use bailiwick_proof::{
    Hash, empty_root, leaf_hash, node_hash,
    tile::{Tile, TileId},
    tree::HashReader,
};

/// The root of `leaves`, by the definition of RFC 6962 §2.1 word for word.
pub fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let mut half = 1;
            while half * 2 < leaves.len() {
                half *= 2;
            }
            node_hash(&naive_root(&leaves[..half]), &naive_root(&leaves[half..]))
        }
    }
}

/// Leaf hashes that differ from each other.
pub fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

/// Answers from leaves alone, and refuses what a store would not have.
pub struct NaiveReader<'a>(pub &'a [Hash]);

impl HashReader for NaiveReader<'_> {
    type Error = String;

    fn tile(&self, id: TileId) -> Result<Tile, String> {
        if !id.is_full_at(self.0.len() as u64) {
            return Err(format!("{id:?} is not full"));
        }
        let span = 256_usize.pow(u32::from(id.level));
        let first = usize::try_from(id.index).unwrap() * 256 * span;
        let hashes = self.0[first..first + 256 * span].chunks(span).map(naive_root).collect();
        Tile::new(hashes).map_err(|error| error.to_string())
    }

    fn leaf(&self, index: u64) -> Result<Hash, String> {
        let tile = TileId { level: 0, index: index / 256 };
        if tile.is_full_at(self.0.len() as u64) {
            return Err(format!("leaf {index} lies in a full tile"));
        }
        self.0.get(usize::try_from(index).unwrap()).copied().ok_or_else(|| format!("no leaf {index}"))
    }
}
