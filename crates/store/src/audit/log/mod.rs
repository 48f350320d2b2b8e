//! The log as others check it: checkpoints, proofs, tiles, and receipts.
//!
//! Nothing here goes beyond the newest published checkpoint: what nobody has signed proves nothing.

mod checkpoints;
mod disclosed;
mod proofs;
mod receipt;
mod tiles;

pub use checkpoints::{checkpoint, checkpoints};
pub use disclosed::disclosed_receipt;
pub use proofs::{
    Consistency, Inclusion, Leaf, consistency, inclusion, leaf_at, leaf_of_event, leaf_of_hash,
};
pub(in crate::audit) use receipt::newest_covering;
pub use receipt::receipt;
pub use tiles::{entries, tile};
