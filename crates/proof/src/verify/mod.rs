//! Checking a stored log against itself and against its signed checkpoints.
//!
//! [`Verifier`] walks a tenant's log once, in leaf order and in constant memory, and either says what it has proved
//! ([`Verified`]) or names the first record that does not fit ([`Finding`]). Its tree is code of its own: writer and
//! verifier share nothing but SHA-256.
//!
//! Where the walk can only say *that* something is wrong, two slower helpers say *what*: [`ChainWalker`] reads the events
//! entity by entity and names the broken link, and [`locate`] compares the stored copies of the hashes and names the
//! leaf or tile where they part.

mod chain_sum;
mod chain_walker;
mod finding;
mod locate;
mod open;
mod retired;
mod running_tree;
mod stream;

pub use chain_walker::ChainWalker;
pub use finding::{EntityName, Finding, Place};
pub use locate::{Located, locate};
pub use retired::{Retired, RetiredSum};
pub use stream::{Verified, Verifier};

use crate::hash::Hash;

/// A row of the log, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvent<'a> {
    /// Its place in the tree; `None` while it waits to be given one.
    pub leaf_index: Option<u64>,
    /// The event id in the row, a UUID in lower case.
    pub id: &'a str,
    /// The event hash in the row.
    pub hash: Hash,
    /// The event's octets.
    pub bytes: &'a [u8],
}
