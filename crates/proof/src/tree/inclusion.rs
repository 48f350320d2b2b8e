//! Proving that a leaf lies in a tree: RFC 9162 §2.1.3.

use super::{HashReader, ProofError, ProveError, reader::range_hash, split};
use crate::hash::{Hash, node_hash};

/// The hashes that lead from leaf `index` to the root of the first `size` leaves, nearest the leaf first.
///
/// # Errors
/// A leaf outside the tree, or those of the reader.
pub fn inclusion_proof<R: HashReader + ?Sized>(
    reader: &R,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, ProveError<R::Error>> {
    if index >= size {
        return Err(ProveError::OutOfRange { asked: index, size });
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    // Down from the root: at each split the half without the leaf belongs to the proof.
    while to - from > 1 {
        let middle = from + split(to - from);
        let (sibling, inside) =
            if index < middle { ((middle, to), (from, middle)) } else { ((from, middle), (middle, to)) };
        proof.push(range_hash(reader, size, sibling.0, sibling.1).map_err(ProveError::Read)?);
        (from, to) = inside;
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` is the leaf hash at `index` in the tree of `size` leaves with `root`, RFC 9162 §2.1.3.2.
///
/// # Errors
/// A leaf outside the tree, a proof of another shape, or one that leads elsewhere.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::WrongLength);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // On the right edge a node without a right neighbour rises unchanged until it is a right child.
            while node % 2 == 0 && node != 0 {
                node /= 2;
                last /= 2;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node /= 2;
        last /= 2;
    }
    if last != 0 {
        return Err(ProofError::WrongLength);
    }
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}
