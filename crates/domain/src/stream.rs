//! What leaves by a stream of audit records: a parcel of leaves, with what ties each of them to its log.

use crate::{
    ids::{EventId, StreamId, TenantId},
    time::Timestamp,
};

/// A record on its way, with its place in the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// Its place in the tree, from 0.
    pub index: i64,
    /// The record.
    pub event: EventId,
    /// The leaf hash (RFC 6962 §2.1), 64 lower-case hexadecimal digits.
    pub hash: String,
    /// The hash of the record before about the same thing, likewise; nothing for the first.
    pub previous: Option<String>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// What was done.
    pub action: String,
    /// How it ended.
    pub outcome: String,
    /// What kind of thing it was done to.
    pub entity_type: String,
    /// The record itself, as it was hashed: canonical JSON. Nothing where the stored octets do not have the hash.
    pub octets: Option<String>,
}

/// What is handed on at once. The same parcel has the same id, however often it is tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// Whose log.
    pub tenant: TenantId,
    /// By which stream.
    pub stream: StreamId,
    /// The size of the tree when the parcel was made up.
    pub tree_size: i64,
    /// The time of this attempt.
    pub now: Timestamp,
    /// What is in it.
    pub contents: Contents,
}

/// What is in a parcel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Contents {
    /// Nothing: somebody wants to see whether it arrives.
    Test {
        /// Which test, from 1.
        number: i64,
    },
    /// The records from `first` up to `upto`, which is not among them, that pass the stream's filter.
    Leaves {
        /// Where the parcel begins.
        first: i64,
        /// Where the next one begins.
        upto: i64,
        /// In the order of the tree; never none.
        leaves: Vec<Leaf>,
    },
}

impl Parcel {
    /// The same at every attempt, and no other parcel's: letters, digits, hyphens and underscores.
    pub fn id(&self) -> String {
        match &self.contents {
            Contents::Test { number } => format!("{}_test_{number}", self.stream),
            Contents::Leaves { first, upto, .. } => format!("{}_{first}_{upto}", self.stream),
        }
    }

    /// The records in it; none in a test.
    pub fn leaves(&self) -> &[Leaf] {
        match &self.contents {
            Contents::Test { .. } => &[],
            Contents::Leaves { leaves, .. } => leaves,
        }
    }
}
