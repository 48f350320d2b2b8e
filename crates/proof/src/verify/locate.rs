//! Finding where a log was altered, once its root is known to differ.

use crate::{
    hash::Hash,
    tile::TileId,
    tree::{HashReader, root_at},
};

/// Where the stored copies of a log's hashes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Located {
    /// Tiles and leaves agree and have the signed root: the root that differed was computed from something else.
    Same,
    /// This leaf was altered: the tile over it, which the rest of the tree confirms, holds another hash.
    Leaf {
        /// The first such leaf.
        leaf_index: u64,
    },
    /// This tile was altered: neither the leaves below it nor the tree above it confirm it.
    Tile {
        /// The first such tile, by the leaves it covers.
        tile: TileId,
        /// The first leaf below the first hash that differs.
        first_leaf: u64,
    },
    /// Every stored copy was rewritten to match, or the altered leaf is in no full tile yet. Only the signed root knows:
    /// an older checkpoint that still fits bounds the place from below.
    Rewritten {
        /// The first leaf that no full tile covers.
        tail: u64,
    },
}

/// Compares the stored tiles of the first `size` leaves with the leaf hashes and with each other, in leaf order.
///
/// `root` is the signed root at `size`. The reader's `leaf` gives the hash of the event that is stored *now*, and is
/// asked for every leaf; its `tile` gives the stored tiles.
///
/// # Errors
/// Those of the reader.
pub fn locate<R: HashReader + ?Sized>(reader: &R, size: u64, root: &Hash) -> Result<Located, R::Error> {
    let whole = root_at(reader, size)? == *root;
    for index in 0..size / 256 {
        let bottom = TileId { level: 0, index };
        let stored = reader.tile(bottom)?;
        for (slot, hash) in (0..).zip(stored.hashes()) {
            let leaf_index = bottom.first_leaf(slot);
            if reader.leaf(leaf_index)? != *hash {
                let confirmed = is_confirmed(reader, bottom, size, whole)?;
                let tile = Located::Tile { tile: bottom, first_leaf: leaf_index };
                return Ok(if confirmed { Located::Leaf { leaf_index } } else { tile });
            }
        }
        if let Some(found) = locate_above(reader, bottom)? {
            return Ok(found);
        }
    }
    Ok(if whole { Located::Same } else { Located::Rewritten { tail: size / 256 * 256 } })
}

/// Whether what lies above a tile expects just this tile: its ancestors up to the signed root.
fn is_confirmed<R: HashReader + ?Sized>(
    reader: &R,
    tile: TileId,
    size: u64,
    whole: bool,
) -> Result<bool, R::Error> {
    let parent = TileId { level: tile.level + 1, index: tile.index / 256 };
    if !parent.is_full_at(size) {
        return Ok(whole);
    }
    let slot = usize::try_from(tile.index % 256).unwrap_or(usize::MAX);
    if reader.tile(parent)?.hashes().get(slot) != Some(&reader.tile(tile)?.root()) {
        return Ok(false);
    }
    // A parent forged along with its child confirms nothing: only a way up to the signed root does.
    is_confirmed(reader, parent, size, whole)
}

/// Compares the tiles that end with this level-0 tile with the roots of the tiles below them.
fn locate_above<R: HashReader + ?Sized>(reader: &R, bottom: TileId) -> Result<Option<Located>, R::Error> {
    let mut child = bottom;
    while child.index % 256 == 255 && child.level < 7 {
        let parent = TileId { level: child.level + 1, index: child.index / 256 };
        for (slot, hash) in (0..).zip(reader.tile(parent)?.hashes()) {
            let below = TileId { level: child.level, index: parent.index * 256 + slot };
            if reader.tile(below)?.root() != *hash {
                return Ok(Some(Located::Tile { tile: parent, first_leaf: parent.first_leaf(slot) }));
            }
        }
        child = parent;
    }
    Ok(None)
}
