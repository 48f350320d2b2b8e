//! Knowing beforehand what a proof will read, and handing it over in one piece.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    ops::Range,
};

use super::{Frontier, HashReader, ProveError, consistency_proof, inclusion_proof, part_hashes, root_at};
use crate::{
    hash::Hash,
    tile::{Tile, TileId, TilePath, complete_tiles, tile_hashes},
};

/// The tiles and leaves that a computation reads.
///
/// It is found by running that very computation against hashes that do not matter, so the two cannot drift apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Full tiles.
    pub tiles: BTreeSet<TileId>,
    /// Leaf indexes; never more than 255 of them, all in one partial tile.
    pub leaves: BTreeSet<u64>,
}

impl Needs {
    /// What [`inclusion_proof`] reads.
    ///
    /// # Errors
    /// A leaf outside the tree.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, ProveError<Infallible>> {
        let recorder = Recorder::default();
        inclusion_proof(&recorder, index, size)?;
        Ok(recorder.0.into_inner())
    }

    /// What [`part_hashes`] reads.
    #[must_use]
    pub fn parts(parts: &[Range<u64>], size: u64) -> Self {
        let recorder = Recorder::default();
        let Ok(_) = part_hashes(&recorder, size, parts);
        recorder.0.into_inner()
    }

    /// What [`consistency_proof`] reads.
    ///
    /// # Errors
    /// An `old` above `new`.
    pub fn consistency(old: u64, new: u64) -> Result<Self, ProveError<Infallible>> {
        let recorder = Recorder::default();
        consistency_proof(&recorder, old, new)?;
        Ok(recorder.0.into_inner())
    }

    /// What [`root_at`] reads.
    #[must_use]
    pub fn root(size: u64) -> Self {
        let recorder = Recorder::default();
        let Ok(_) = root_at(&recorder, size);
        recorder.0.into_inner()
    }

    /// What [`Frontier::at`] reads, and the verifier that begins there.
    #[must_use]
    pub fn edge(size: u64) -> Self {
        let recorder = Recorder::default();
        let Ok(_) = Frontier::at(&recorder, size);
        recorder.0.into_inner()
    }

    /// What [`complete_tiles`] reads when `appended` leaves join a tree of `size`.
    #[must_use]
    pub fn tiles(size: u64, appended: usize) -> Self {
        let recorder = Recorder::default();
        let Ok(_) = complete_tiles(&recorder, size, &vec![Hash([0; 32]); appended]);
        recorder.0.into_inner()
    }

    /// What [`tile_hashes`] reads in a tree of `size` leaves.
    #[must_use]
    pub fn tile(path: TilePath, size: u64) -> Self {
        let recorder = Recorder::default();
        let Ok(_) = tile_hashes(&recorder, path, size);
        recorder.0.into_inner()
    }

    /// The leaves as one range, from the first needed to the last; `None` when none is.
    #[must_use]
    pub fn leaf_range(&self) -> Option<Range<u64>> {
        Some(*self.leaves.first()?..self.leaves.last()? + 1)
    }
}

/// Tiles and leaves already fetched, read from memory.
#[derive(Debug, Clone, Default)]
pub struct Fetched {
    /// Full tiles by their place.
    pub tiles: BTreeMap<TileId, Tile>,
    /// Leaf hashes by leaf index.
    pub leaves: BTreeMap<u64, Hash>,
}

/// Names what was read but had not been fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFetched {
    /// A tile.
    #[error("the hash tile at level {} number {} is not stored", .0.level, .0.index)]
    Tile(TileId),
    /// The hash of a leaf.
    #[error("the hash of leaf {0} is not stored")]
    Leaf(u64),
}

impl HashReader for Fetched {
    type Error = NotFetched;

    fn tile(&self, id: TileId) -> Result<Tile, NotFetched> {
        self.tiles.get(&id).cloned().ok_or(NotFetched::Tile(id))
    }

    fn leaf(&self, index: u64) -> Result<Hash, NotFetched> {
        self.leaves.get(&index).copied().ok_or(NotFetched::Leaf(index))
    }
}

#[derive(Default)]
struct Recorder(RefCell<Needs>);

impl HashReader for Recorder {
    type Error = Infallible;

    fn tile(&self, id: TileId) -> Result<Tile, Infallible> {
        self.0.borrow_mut().tiles.insert(id);
        Ok(Tile::blank())
    }

    fn leaf(&self, index: u64) -> Result<Hash, Infallible> {
        self.0.borrow_mut().leaves.insert(index);
        Ok(Hash([0; 32]))
    }
}
