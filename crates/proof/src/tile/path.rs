//! Where a tile is found: the paths of C2SP tlog-tiles, and how wide a tile is at a size.

use std::{fmt, str::FromStr};

use super::{TileId, WIDTH};
use crate::{hash::Hash, tree::HashReader};

/// The highest level that the standard names.
const HIGHEST: u8 = 63;

/// What a tile is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// Hashes of this level.
    Hashes(u8),
    /// The entries themselves, each after its length in two octets.
    Entries,
}

/// The path of a tile or an entry bundle below `tile/`: `<L>/<N>[.p/<W>]`, or `entries/<N>[.p/<W>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    /// What it is made of.
    pub row: Row,
    /// Its number at its level, from zero.
    pub index: u64,
    /// How many of its places are asked for: 256 of a full tile, 1 to 255 of a partial one.
    pub width: u64,
}

/// Says that a text is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the path of a tile")]
pub struct TilePathError;

impl TilePath {
    /// How many places the tile has in a tree of `size` leaves, 256 at most.
    #[must_use]
    pub fn places_at(&self, size: u64) -> u64 {
        let level = match self.row {
            Row::Hashes(level) => level,
            Row::Entries => 0,
        };
        // Whole nodes of this level; none of a level that no tree of 64 bits reaches.
        let nodes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
        self.index.checked_mul(WIDTH).map_or(0, |first| nodes.saturating_sub(first).min(WIDTH))
    }

    /// Whether a log of `size` leaves has this tile: a partial one as long as its places are filled.
    #[must_use]
    pub fn exists_at(&self, size: u64) -> bool {
        self.width >= 1 && self.places_at(size) >= self.width
    }

    /// The first entry below the tile, and the one after the last, for entries and hashes of level 0.
    #[must_use]
    pub fn leaves(&self) -> (u64, u64) {
        let first = self.index.saturating_mul(WIDTH);
        (first, first.saturating_add(self.width))
    }
}

/// The hashes of a tile of hashes in a tree of `size` leaves; nothing for a tile that such a tree does not have, and for
/// entries.
///
/// # Errors
/// Those of the reader.
pub fn tile_hashes<R: HashReader + ?Sized>(
    reader: &R,
    path: TilePath,
    size: u64,
) -> Result<Option<Vec<Hash>>, R::Error> {
    let Row::Hashes(level) = path.row else { return Ok(None) };
    if !path.exists_at(size) {
        return Ok(None);
    }
    let id = TileId { level, index: path.index };
    let first = path.leaves().0;
    if id.is_full_at(size) {
        let width = usize::try_from(path.width).unwrap_or(usize::MAX);
        return Ok(Some(reader.tile(id)?.hashes().iter().take(width).copied().collect()));
    }
    let mut hashes = Vec::new();
    for slot in first..first + path.width {
        hashes.push(match level.checked_sub(1) {
            None => reader.leaf(slot)?,
            Some(below) => reader.tile(TileId { level: below, index: slot })?.root(),
        });
    }
    Ok(Some(hashes))
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Row::Hashes(level) => write!(f, "{level}")?,
            Row::Entries => f.write_str("entries")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (place, group) in groups.iter().enumerate().rev() {
            write!(f, "/{}{group:03}", if place == 0 { "" } else { "x" })?;
        }
        if self.width == WIDTH { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let path = read(text).ok_or(TilePathError)?;
        // One tile, one path: no leading groups of zeroes, no zeroes before a level or a width.
        if path.to_string() == text { Ok(path) } else { Err(TilePathError) }
    }
}

fn read(text: &str) -> Option<TilePath> {
    let (row, rest) = text.split_once('/')?;
    let row = match row {
        "entries" => Row::Entries,
        level => Row::Hashes(level.parse().ok().filter(|level| *level <= HIGHEST)?),
    };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|width| (1..WIDTH).contains(width))?),
        None => (rest, WIDTH),
    };
    let mut index: u64 = 0;
    for group in number.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(TilePath { row, index, width })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_standard() {
        let path = TilePath { row: Row::Hashes(0), index: 1_234_067, width: 256 };
        assert_eq!(path.to_string(), "0/x001/x234/067");
        assert_eq!("0/x001/x234/067".parse(), Ok(path));
        assert_eq!("entries/000.p/7".parse(), Ok(TilePath { row: Row::Entries, index: 0, width: 7 }));
        for text in [
            "",
            "0",
            "0/",
            "0/0",
            "0/67",
            "00/067",
            "64/067",
            "-1/067",
            "0/x000/067",
            "0/001/067",
            "0/x067",
            "0/067.p",
            "0/067.p/",
            "0/067.p/0",
            "0/067.p/256",
            "0/067.p/07",
            "0/067/",
            "/0/067",
            "data/000",
            "0/x001/x234/+67",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(text.parse::<TilePath>(), Err(TilePathError), "{text}");
        }
    }

    #[test]
    fn trees_have_the_tiles_that_the_standard_counts() {
        let places =
            |level, index, size| TilePath { row: Row::Hashes(level), index, width: 1 }.places_at(size);
        // A tree of 70,000 leaves, and one of 256, as the standard works them out.
        assert_eq!((places(0, 272, 70_000), places(0, 273, 70_000), places(0, 274, 70_000)), (256, 112, 0));
        assert_eq!((places(1, 0, 70_000), places(1, 1, 70_000), places(2, 0, 70_000)), (256, 17, 1));
        assert_eq!((places(0, 0, 256), places(1, 0, 256), places(2, 0, 256)), (256, 1, 0));
        assert_eq!((places(7, 0, u64::MAX), places(8, 0, u64::MAX), places(63, 0, u64::MAX)), (255, 0, 0));
        assert_eq!(places(0, u64::MAX, u64::MAX), 0);
    }

    proptest! {
        #[test]
        fn a_path_is_read_as_it_is_written(level in 0_u8..=64, index in any::<u64>(), shift in 0_u32..64, width in 1_u64..=256) {
            let row = if level > HIGHEST { Row::Entries } else { Row::Hashes(level) };
            let path = TilePath { row, index: index >> shift, width };
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }
}
