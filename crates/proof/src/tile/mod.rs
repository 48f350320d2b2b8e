//! Hash tiles: the tree stored in rows of 256 hashes.
//!
//! The tile at level L with number N holds the tree's nodes of level 8·L from 256·N to 256·N + 255 (the layout of C2SP
//! tlog-tiles). Only full tiles are stored; a full tile never changes, so tiles need no update and no locking.

mod build;
mod path;

use std::fmt;

pub use build::complete_tiles;
pub use path::{Row, TilePath, TilePathError, tile_hashes};

use crate::hash::{Hash, node_hash};

/// How many hashes a tile holds.
pub const WIDTH: u64 = 256;

/// The size of a stored tile in octets.
pub const TILE_BYTES: usize = 256 * 32;

/// The place of a tile in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaf hashes, 1 for the roots of level-0 tiles, and so on; at most 7.
    pub level: u8,
    /// The tile's number at its level, from zero.
    pub index: u64,
}

/// The 256 hashes of a full tile.
#[derive(Clone, PartialEq, Eq)]
pub struct Tile(Box<[Hash; 256]>);

/// Says that a tile does not have 256 hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash tile is 256 hashes of 32 octets")]
pub struct TileError;

impl TileId {
    /// Whether every hash of the tile exists in a tree of `size` leaves.
    #[must_use]
    pub fn is_full_at(self, size: u64) -> bool {
        // In 128 bits, because the end of a level-7 tile lies beyond 64.
        1_u128
            .checked_shl(8 * (u32::from(self.level) + 1))
            .and_then(|leaves| leaves.checked_mul(u128::from(self.index) + 1))
            .is_some_and(|end| end <= u128::from(size))
    }

    /// The first leaf below the hash in `slot`.
    #[must_use]
    pub fn first_leaf(self, slot: u64) -> u64 {
        let leaves = 1_u64.checked_shl(8 * u32::from(self.level)).unwrap_or(u64::MAX);
        self.index.saturating_mul(WIDTH).saturating_add(slot).saturating_mul(leaves)
    }
}

impl Tile {
    /// Takes 256 hashes.
    ///
    /// # Errors
    /// Any other number.
    pub fn new(hashes: Vec<Hash>) -> Result<Self, TileError> {
        hashes.into_boxed_slice().try_into().map(Self).map_err(|_| TileError)
    }

    /// Reads the 8,192 octets of a stored tile: the hashes one after the other.
    ///
    /// # Errors
    /// Any other number of octets.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TileError> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(TileError);
        }
        Self::new(hashes.iter().copied().map(Hash).collect())
    }

    /// The octets to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.0).collect()
    }

    /// The hashes in order.
    #[must_use]
    pub fn hashes(&self) -> &[Hash; 256] {
        &self.0
    }

    /// The root of the whole tile: one hash of the tile above.
    #[must_use]
    pub fn root(&self) -> Hash {
        reduce(self.0.to_vec())
    }

    /// The root of the 2^`span` hashes from `slot`.
    pub(crate) fn subtree(&self, slot: u64, span: u32) -> Hash {
        let count = 1_usize << span;
        reduce(self.0.iter().skip(usize::try_from(slot).unwrap_or(usize::MAX)).take(count).copied().collect())
    }

    /// A tile whose hashes do not matter.
    pub(crate) fn blank() -> Self {
        Self(Box::new([Hash([0; 32]); 256]))
    }
}

impl fmt::Debug for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tile({})", self.root())
    }
}

/// The root of a perfect subtree from its row of hashes; the row's length is a power of two.
pub(crate) fn reduce(mut row: Vec<Hash>) -> Hash {
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.pop().unwrap_or_else(crate::hash::empty_root)
}
