//! Proving that a tree only grew: RFC 9162 §2.1.4.

use super::{HashReader, ProofError, ProveError, reader::range_hash, split};
use crate::hash::{Hash, empty_root, node_hash};

/// The hashes that show the tree of `old` leaves to be the beginning of the tree of `new` leaves.
///
/// Empty when the sizes are equal, or when `old` is zero: everything begins with nothing.
///
/// # Errors
/// An `old` above `new`, or those of the reader.
pub fn consistency_proof<R: HashReader + ?Sized>(
    reader: &R,
    old: u64,
    new: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if old > new {
        return Err(ProveError::OutOfRange { asked: old, size: new });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let (mut from, mut to) = (0, new);
    // Down to the subtree that ends exactly where the old tree ended; the other halves belong to the proof.
    while to != old {
        let middle = from + split(to - from);
        let (sibling, inside) =
            if old <= middle { ((middle, to), (from, middle)) } else { ((from, middle), (middle, to)) };
        proof.push(range_hash(reader, new, sibling.0, sibling.1).map_err(ProveError::Read)?);
        (from, to) = inside;
    }
    // If it begins at the first leaf, its root is the old root, which whoever checks already holds.
    if from != 0 {
        proof.push(range_hash(reader, new, from, to).map_err(ProveError::Read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the tree of `new` leaves with `new_root` begins with the tree of `old` leaves with `old_root`,
/// RFC 9162 §2.1.4.2.
///
/// # Errors
/// An `old` above `new`, a proof of another shape, or one that leads to other roots.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { *new_root };
        return match proof {
            [] if *old_root == expected => Ok(()),
            [] => Err(ProofError::WrongRoot),
            _ => Err(ProofError::WrongLength),
        };
    }
    let (mut node, mut last) = (old - 1, new - 1);
    while node % 2 == 1 {
        node /= 2;
        last /= 2;
    }
    // A perfect old tree is itself the first node, and the proof leaves it out.
    let (start, rest) = match proof.split_first() {
        _ if old.is_power_of_two() => (old_root, proof),
        Some((first, rest)) => (first, rest),
        None => return Err(ProofError::WrongLength),
    };
    let (mut old_hash, mut new_hash) = (*start, *start);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node % 2 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node % 2 == 0 && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node /= 2;
        last /= 2;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    if old_hash == *old_root && new_hash == *new_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}
