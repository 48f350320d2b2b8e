//! The log as others check it: checkpoints, proofs, tiles, and receipts.
//!
//! Nothing here goes beyond the newest published checkpoint: what nobody has signed proves nothing.

mod checkpoints;
mod proofs;
mod receipt;
mod tiles;

pub use checkpoints::{checkpoint, checkpoints};
pub use proofs::{
    Consistency, Inclusion, Leaf, consistency, inclusion, leaf_at, leaf_of_event, leaf_of_hash,
};
pub use receipt::receipt;
pub use tiles::{entries, tile};
