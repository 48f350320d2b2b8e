//! Reading the hashes of a stored tree: full tiles where there are some, leaf hashes at the right edge.

use crate::{
    hash::{Hash, empty_root},
    tile::{Tile, TileId, WIDTH},
    tree::split,
};

/// Where stored hashes are read from.
///
/// Only full tiles are ever asked for, and a leaf only where its tile is not full at the size in question.
pub trait HashReader {
    /// Why a hash could not be read.
    type Error;

    /// The full tile `id`.
    ///
    /// # Errors
    /// A tile that is not stored, or could not be read.
    fn tile(&self, id: TileId) -> Result<Tile, Self::Error>;

    /// The leaf hash at `index`, counted from zero.
    ///
    /// # Errors
    /// A leaf that is not stored, or could not be read.
    fn leaf(&self, index: u64) -> Result<Hash, Self::Error>;
}

/// The root of the first `size` leaves as the stored hashes give it, RFC 6962 §2.1.
///
/// # Errors
/// Those of the reader.
pub fn root_at<R: HashReader + ?Sized>(reader: &R, size: u64) -> Result<Hash, R::Error> {
    if size == 0 { Ok(empty_root()) } else { range_hash(reader, size, 0, size) }
}

/// The hash of the leaves `from..to` in a tree of `size` leaves; the range is not empty and is one that RFC 6962 splits off.
pub(super) fn range_hash<R: HashReader + ?Sized>(
    reader: &R,
    size: u64,
    from: u64,
    to: u64,
) -> Result<Hash, R::Error> {
    let length = to - from;
    if length.is_power_of_two() {
        return perfect_hash(reader, size, length.ilog2(), from / length);
    }
    let middle = from + split(length);
    Ok(crate::node_hash(&range_hash(reader, size, from, middle)?, &range_hash(reader, size, middle, to)?))
}

/// The root of the perfect subtree of 2^`level` leaves that is number `index` at its level.
fn perfect_hash<R: HashReader + ?Sized>(
    reader: &R,
    size: u64,
    level: u32,
    index: u64,
) -> Result<Hash, R::Error> {
    let tile_level = u8::try_from(level / 8).unwrap_or(u8::MAX);
    let span = level % 8;
    let first = index << span;
    let id = TileId { level: tile_level, index: first / WIDTH };
    let slots = first..first + (1 << span);
    if id.is_full_at(size) {
        return Ok(reader.tile(id)?.subtree(first % WIDTH, span));
    }
    // Not full yet: what the tile will hold in these slots is known one level below.
    let mut row = Vec::with_capacity(1 << span);
    for slot in slots {
        row.push(match tile_level.checked_sub(1) {
            None => reader.leaf(slot)?,
            Some(below) => reader.tile(TileId { level: below, index: slot })?.root(),
        });
    }
    Ok(crate::tile::reduce(row))
}
