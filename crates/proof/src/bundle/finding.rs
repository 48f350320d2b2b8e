//! What a check of a bundle can find, in one plain sentence each.

use std::fmt;

use super::ManifestError;
use crate::{
    checkpoint::{NoteError, TrustError},
    event::{EventError, OpeningError},
    tree::ProofError,
};

/// Findings that are named one by one at most.
const NAMED: usize = 100;

/// Something in a bundle that does not fit. Records are counted from 1, leaves from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The list of records is not signed by a known key.
    #[error("the list of records is not to be believed: {0}")]
    Signature(NoteError),
    /// The list of records is none.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// The checkpoint is not believed.
    #[error("the checkpoint is not to be believed: {0}")]
    Checkpoint(#[from] TrustError),
    /// Another checkpoint than the one that the list was made under.
    #[error("the checkpoint is not the one that the list of records was made under")]
    OtherCheckpoint,
    /// The log is not the log of a tenant.
    #[error("{0} is not the log of a tenant")]
    NoTenant(String),
    /// Octets that are not those of the list.
    #[error("record {record} was changed: it is not what was hashed into leaf {leaf}")]
    Changed {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
    },
    /// A record of the list is not there.
    #[error("a record was removed: the one of leaf {leaf}, record {record} of the list")]
    Removed {
        /// Which record of the list.
        record: usize,
        /// Its place in the log.
        leaf: u64,
    },
    /// A record that is not in the list, or there a second time.
    #[error("record {record} was inserted: the list does not have it")]
    Inserted {
        /// Which of the file's records.
        record: usize,
    },
    /// A record of the list in another place.
    #[error("record {record} was moved: it is the one of leaf {leaf}")]
    Moved {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
    },
    /// The hashes do not lead to the signed root.
    #[error("the records are not in the signed tree: {0}")]
    Proof(#[from] ProofError),
    /// Octets that are no event.
    #[error("record {record} (leaf {leaf}) is not an event: {cause}")]
    Event {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
        /// What is wrong with it.
        cause: EventError,
    },
    /// An event of another log.
    #[error("record {record} (leaf {leaf}) belongs to another log")]
    OtherLog {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
    },
    /// A disclosed value that is not the recorded one.
    #[error("record {record} (leaf {leaf}): the value disclosed for {commit}: {cause}")]
    Disclosed {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
        /// The commitment that is opened.
        commit: String,
        /// What is wrong with it.
        cause: OpeningError,
    },
    /// A record of something else in the history of one thing.
    #[error("record {record} (leaf {leaf}) happened to something else")]
    OtherEntity {
        /// Which of the file's records.
        record: usize,
        /// Its place in the log.
        leaf: u64,
    },
    /// A revision is missing, there twice, or does not name the one before.
    #[error("the history has a gap: revision {0} is missing or is not the one that follows")]
    Gap(u64),
    /// The page around the data is another one.
    #[error("the page around the records was changed: do not believe what it says, and scripts in it")]
    Page,
}

/// Everything that a check found, the first hundred by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What was found, in the order in which it was looked for.
    pub named: Vec<Finding>,
    /// How many more.
    pub more: usize,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        if self.named.len() < NAMED {
            self.named.push(finding);
        } else {
            self.more += 1;
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Self { named: vec![finding], more: 0 }
    }
}

impl std::error::Error for Findings {}

/// One finding a line.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, finding) in self.named.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{finding}")?;
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}
