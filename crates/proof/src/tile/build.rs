//! Finding the tiles that an append completes.

use super::{Tile, TileId, WIDTH, reduce};
use crate::{hash::Hash, tree::HashReader};

/// The tiles that become full when `appended` leaf hashes join a tree of `size` leaves, lowest level first.
///
/// The reader is asked for the leaves that the open level-0 tile already held, and, when a tile of a higher level
/// completes, for the tiles below it that were stored earlier.
///
/// # Errors
/// Those of the reader.
pub fn complete_tiles<R: HashReader + ?Sized>(
    reader: &R,
    size: u64,
    appended: &[Hash],
) -> Result<Vec<(TileId, Tile)>, R::Error> {
    let grown = size + appended.len() as u64;
    let mut complete = Vec::new();
    // Roots of the tiles completed one level below by this very append, which no reader has yet.
    let mut fresh: Vec<Hash> = appended.to_vec();
    let mut fresh_from = size;
    for level in 0..8_u8 {
        let shift = 8 * (u32::from(level) + 1);
        let (first, end) = (size.checked_shr(shift).unwrap_or(0), grown.checked_shr(shift).unwrap_or(0));
        if first == end {
            break;
        }
        let mut roots = Vec::new();
        for index in first..end {
            let id = TileId { level, index };
            let mut row = Vec::with_capacity(256);
            for node in index * WIDTH..(index + 1) * WIDTH {
                let known =
                    node.checked_sub(fresh_from).and_then(|place| fresh.get(usize::try_from(place).ok()?));
                row.push(match (known, level.checked_sub(1)) {
                    (Some(hash), _) => *hash,
                    (None, None) => reader.leaf(node)?,
                    (None, Some(below)) => reader.tile(TileId { level: below, index: node })?.root(),
                });
            }
            roots.push(reduce(row.clone()));
            if let Ok(tile) = Tile::new(row) {
                complete.push((id, tile));
            }
        }
        (fresh, fresh_from) = (roots, first);
    }
    Ok(complete)
}
