//! The Merkle tree of RFC 6962 §2.1: growing it, proving from it, checking proofs.
//!
//! - [`Frontier`] grows a tree in O(log n) memory and knows its root at every size.
//! - [`inclusion_proof`] and [`consistency_proof`] read stored hashes through a [`HashReader`].
//! - [`verify_inclusion`] and [`verify_consistency`] need nothing but the proof and two roots (RFC 9162 §2.1.3, §2.1.4).
//! - [`parts_beside`], [`part_hashes`] and [`verify_inclusions`] do the same for several leaves at once.
//! - [`Needs`] says beforehand which tiles and leaves a proof will read, so that a caller with an asynchronous database
//!   fetches them in one go.

mod consistency;
mod frontier;
mod inclusion;
mod needs;
mod reader;
mod several;

pub use consistency::{consistency_proof, verify_consistency};
pub use frontier::{Frontier, FrontierError};
pub use inclusion::{inclusion_proof, verify_inclusion};
pub use needs::{Fetched, Needs, NotFetched};
pub use reader::{HashReader, root_at};
pub use several::{part_hashes, parts_beside, verify_inclusions};

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The leaf or the smaller tree does not lie within the tree.
    #[error("{asked} does not lie within a tree of {size} leaves")]
    OutOfRange {
        /// The leaf index, or the size of the smaller tree.
        asked: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A stored hash could not be read.
    #[error(transparent)]
    Read(E),
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the smaller tree does not lie within the tree.
    #[error("the proof is about something outside the tree")]
    OutOfRange,
    /// More or fewer hashes than the tree's shape calls for.
    #[error("the proof does not have the length that the tree's shape calls for")]
    WrongLength,
    /// The hashes do not lead to the given root.
    #[error("the proof does not lead to the given root")]
    WrongRoot,
}

/// The size of the left subtree of `size` leaves: the largest power of two below it (RFC 6962 §2.1); `size` is above 1.
const fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}
