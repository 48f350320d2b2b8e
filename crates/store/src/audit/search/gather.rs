//! All that fits, and not a page of it.

use super::{
    Sought, block,
    walk::{Walk, Way},
};
use crate::{Result, tx::Scope};

/// Rows at most that a walk which gathers everything reads.
const OF_ALL: usize = 262_144;

/// What a search finds in all.
pub(crate) enum Gathered {
    /// All of it, from the oldest leaf to the newest.
    All(Vec<i64>),
    /// More than was asked for.
    TooMany,
    /// Enough was looked at before the end.
    TooFar,
}

/// The leaves below `size` that fit, if there are no more than `most`.
pub(crate) async fn gather(
    scope: &mut impl Scope,
    sought: &Sought,
    size: i64,
    most: usize,
) -> Result<Gathered> {
    let mut walk = Walk::set_out(scope, sought, (0, size), Way::Newer, OF_ALL).await?;
    let mut leaves = Vec::new();
    while let Some(sets) = walk.next(scope).await? {
        for (block, bits) in sets {
            leaves.extend(bits.places().map(|place| block * block::BLOCK + place));
        }
        if leaves.len() > most {
            return Ok(Gathered::TooMany);
        }
    }
    Ok(if walk.is_tired() { Gathered::TooFar } else { Gathered::All(leaves) })
}
