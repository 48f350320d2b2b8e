//! The verifier's own tree: a row of up to 256 hashes per level, folded when it is full.
//!
//! It mirrors the layout of the stored tiles, so that each can be compared the moment its last leaf arrives, and takes
//! its root from the recursive definition of RFC 6962 §2.1. Eight levels hold 2^64 leaves: memory is constant.

use std::mem;

use crate::{
    hash::{Hash, empty_root, node_hash},
    tile::{Tile, TileId},
    tree::HashReader,
};

const ROW: usize = 256;

/// The tree of the leaves read so far.
#[derive(Debug, Default)]
pub(super) struct RunningTree {
    size: u64,
    levels: Vec<Level>,
}

/// One level's present row, and the full one before it if there was one.
#[derive(Debug, Default)]
struct Level {
    row: Vec<Hash>,
    last: Vec<Hash>,
    /// How many rows were completed.
    complete: u64,
    /// Whether the last complete row was compared with a stored tile.
    compared: bool,
}

/// What comparing a stored tile with the leaves came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compared {
    Same,
    /// The first slot that differs.
    Differs(u64),
    /// The row is not at hand: not complete yet, or already gone.
    NotAtHand,
}

impl RunningTree {
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// The tree of `size` leaves that are not read: what its levels have open, as the stored hashes give it.
    pub(super) fn behind<R: HashReader + ?Sized>(reader: &R, size: u64) -> Result<Self, R::Error> {
        let mut levels = Vec::new();
        for level in 0..8_u8 {
            let nodes = size >> (8 * u32::from(level));
            if nodes == 0 {
                break;
            }
            let open = nodes - nodes % ROW as u64..nodes;
            let row = open.map(|node| match level.checked_sub(1) {
                None => reader.leaf(node),
                Some(below) => reader.tile(TileId { level: below, index: node }).map(|tile| tile.root()),
            });
            let row = row.collect::<Result<Vec<Hash>, R::Error>>()?;
            levels.push(Level { row, last: Vec::new(), complete: nodes / ROW as u64, compared: true });
        }
        Ok(Self { size, levels })
    }

    /// Takes in the next leaf; `completed` is told each tile that it completes, and whether the tile of that level
    /// before it had been compared.
    pub(super) fn push(&mut self, leaf: Hash, mut completed: impl FnMut(TileId, bool)) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0..8_u8 {
            let place = usize::from(level);
            if self.levels.len() == place {
                self.levels.push(Level::default());
            }
            let Some(present) = self.levels.get_mut(place) else { return };
            present.row.push(hash);
            if present.row.len() < ROW {
                return;
            }
            hash = fold(&present.row);
            completed(TileId { level, index: present.complete }, present.complete == 0 || present.compared);
            mem::swap(&mut present.row, &mut present.last);
            present.row.clear();
            present.complete += 1;
            present.compared = false;
        }
    }

    /// Compares a stored tile with the row of the leaves read, while that row is at hand.
    pub(super) fn compare(&mut self, id: TileId, tile: &Tile) -> Compared {
        let level = self
            .levels
            .get_mut(usize::from(id.level))
            .filter(|level| id.index.checked_add(1) == Some(level.complete));
        let Some(level) = level else { return Compared::NotAtHand };
        level.compared = true;
        match tile.hashes().iter().zip(&level.last).position(|(stored, own)| stored != own) {
            None => Compared::Same,
            Some(slot) => Compared::Differs(slot as u64),
        }
    }

    /// The first complete tile, from the lowest level, that nothing was compared with.
    pub(super) fn not_compared(&self) -> Option<TileId> {
        (0..8).zip(&self.levels).find_map(|(level, row)| {
            let index = row.complete.checked_sub(1).filter(|_| !row.compared)?;
            Some(TileId { level, index })
        })
    }

    /// The root at the present size.
    pub(super) fn root(&self) -> Hash {
        let mut edge = None;
        for level in &self.levels {
            // Whatever the levels below have open is the last, incomplete node of this one.
            let row: Vec<Hash> = level.row.iter().copied().chain(edge).collect();
            edge = if row.is_empty() { None } else { Some(range_root(&row)) };
        }
        edge.unwrap_or_else(empty_root)
    }
}

/// RFC 6962 §2.1 over a row whose last node may be incomplete. Splitting the row splits the leaves in the same place,
/// because all nodes but the last have the same power of two of leaves.
fn range_root(row: &[Hash]) -> Hash {
    match row {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let (left, right) = row.split_at(row.len().next_power_of_two() / 2);
            node_hash(&range_root(left), &range_root(right))
        }
    }
}

/// The root of a full row, pair by pair on the stack.
fn fold(row: &[Hash]) -> Hash {
    let mut stack: Vec<(u32, Hash)> = Vec::with_capacity(10);
    for hash in row {
        let mut node = (0, *hash);
        while let Some((_, left)) = stack.pop_if(|(height, _)| *height == node.0) {
            node = (node.0 + 1, node_hash(&left, &node.1));
        }
        stack.push(node);
    }
    stack.pop().map_or_else(empty_root, |(_, root)| root)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::{
        leaf_hash,
        tree::{Fetched, Frontier, Needs},
    };

    /// The tiles and leaves that the edge at `size` is made of.
    fn stored(leaves: &[Hash], size: u64) -> Fetched {
        let needs = Needs::edge(size);
        let mut fetched = Fetched::default();
        for id in needs.tiles {
            let span = 256_usize.pow(u32::from(id.level));
            let first = usize::try_from(id.first_leaf(0)).unwrap();
            let root = |slot: usize| fold(&leaves[first + slot * span..first + (slot + 1) * span]);
            let row =
                (0..256).map(|slot| if span == 1 { leaves[first + slot] } else { root(slot) }).collect();
            fetched.tiles.insert(id, Tile::new(row).unwrap());
        }
        for leaf in needs.leaves {
            fetched.leaves.insert(leaf, leaves[usize::try_from(leaf).unwrap()]);
        }
        fetched
    }

    #[test]
    fn a_tree_that_begins_behind_stored_hashes_goes_on_as_one_that_was_read() {
        let leaves: Vec<Hash> = (0..66_200_u64).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        for size in [0, 1, 255, 256, 257, 1_024, 65_280, 65_536, 65_792] {
            let (mut read, mut frontier) = (RunningTree::default(), Frontier::new());
            for leaf in &leaves[..size] {
                read.push(*leaf, |_, _| {});
                frontier.push(*leaf);
            }
            let fetched = stored(&leaves, size as u64);
            assert_eq!(Frontier::at(&fetched, size as u64).unwrap(), frontier, "{size}");
            let mut behind = RunningTree::behind(&fetched, size as u64).unwrap();
            assert_eq!((behind.size(), behind.root()), (read.size(), frontier.root()), "{size}");
            let (mut of_read, mut of_behind) = (Vec::new(), Vec::new());
            for leaf in leaves[size..].iter().take(600) {
                read.push(*leaf, |tile, _| of_read.push(tile));
                behind.push(*leaf, |tile, _| of_behind.push(tile));
            }
            assert_eq!((behind.root(), of_behind), (read.root(), of_read), "{size}");
        }
    }
}
