//! Proving that several leaves lie in a tree, with each hash of the tree said once: what their single proofs have in common
//! is not repeated, and what follows from the leaves themselves is not said at all.
//!
//! The hashes stand in the order in which a walk from the left meets the parts of the tree that hold none of the leaves
//! (RFC 6962 §2.1 splits the tree). One leaf's hashes are those of its audit path, from left to right.

use std::{ops::Range, slice::Iter};

use super::{HashReader, ProofError, reader::range_hash, split};
use crate::hash::{Hash, node_hash};

/// The parts of a tree of `size` leaves that hold none of `leaves`, each as large as can be, from left to right.
///
/// # Errors
/// [`ProofError::OutOfRange`] for no leaves at all, leaves that do not ascend, and leaves outside the tree.
pub fn parts_beside(leaves: &[u64], size: u64) -> Result<Vec<Range<u64>>, ProofError> {
    check(leaves.iter().copied(), size)?;
    let mut parts = Vec::new();
    part(leaves, 0, size, &mut parts);
    Ok(parts)
}

fn part(leaves: &[u64], from: u64, to: u64, parts: &mut Vec<Range<u64>>) {
    if leaves.is_empty() {
        parts.push(from..to);
    } else if to - from > 1 {
        let middle = from + split(to - from);
        let (left, right) = leaves.split_at(leaves.partition_point(|leaf| *leaf < middle));
        part(left, from, middle, parts);
        part(right, middle, to, parts);
    }
}

/// The hashes of parts that [`parts_beside`] gave for a tree of this size.
///
/// # Errors
/// Those of the reader.
pub fn part_hashes<R: HashReader + ?Sized>(
    reader: &R,
    size: u64,
    parts: &[Range<u64>],
) -> Result<Vec<Hash>, R::Error> {
    parts.iter().map(|part| range_hash(reader, size, part.start, part.end)).collect()
}

/// Checks that each of `leaves`, a leaf index with a leaf hash, lies in the tree of `size` leaves with `root`.
///
/// # Errors
/// Leaves that do not ascend or lie outside the tree, more or fewer hashes than the parts beside them, or hashes that lead
/// elsewhere.
pub fn verify_inclusions(
    leaves: &[(u64, Hash)],
    size: u64,
    hashes: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    check(leaves.iter().map(|(index, _)| *index), size)?;
    let mut rest = hashes.iter();
    let found = join(leaves, 0, size, &mut rest)?;
    if rest.next().is_some() {
        return Err(ProofError::WrongLength);
    }
    if found == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

fn join(leaves: &[(u64, Hash)], from: u64, to: u64, rest: &mut Iter<'_, Hash>) -> Result<Hash, ProofError> {
    match leaves {
        [] => rest.next().copied().ok_or(ProofError::WrongLength),
        [(_, hash)] if to - from == 1 => Ok(*hash),
        _ => {
            let middle = from + split(to - from);
            let (left, right) = leaves.split_at(leaves.partition_point(|(index, _)| *index < middle));
            let left = join(left, from, middle, rest)?;
            Ok(node_hash(&left, &join(right, middle, to, rest)?))
        }
    }
}

/// Whether there are leaves, they ascend, and all lie within the tree.
fn check(leaves: impl Iterator<Item = u64>, size: u64) -> Result<(), ProofError> {
    let mut next = 0;
    let mut any = false;
    for leaf in leaves {
        if leaf < next || leaf >= size {
            return Err(ProofError::OutOfRange);
        }
        (next, any) = (leaf + 1, true);
    }
    if any { Ok(()) } else { Err(ProofError::OutOfRange) }
}
