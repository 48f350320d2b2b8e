//! Why a log was not signed, and which of its events are missing.

use std::{fmt, io, path::PathBuf};

use bailiwick_domain::{ids::TenantId, time::Timestamp};
use bailiwick_proof::checkpoint::CheckpointError;

use crate::Error;

/// Events that were signed and are not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The events under the last checkpoint that the database still knows of.
    pub kept: u64,
    /// The events under the checkpoint outside the database.
    pub signed: u64,
    /// When the former was signed.
    pub kept_at: Option<Timestamp>,
    /// When the latter was written.
    pub signed_at: Option<Timestamp>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.signed.saturating_sub(1);
        if self.kept >= self.signed {
            return write!(f, "the events up to {last} are not the ones that were signed");
        }
        write!(f, "missing are events {} to {last}", self.kept)?;
        match (self.kept_at, self.signed_at) {
            (Some(from), Some(to)) => write!(f, ", signed after {from} and up to {to}"),
            (Some(from), None) => write!(f, ", signed after {from}"),
            (None, Some(to)) => write!(f, ", signed up to {to}"),
            (None, None) => Ok(()),
        }
    }
}

/// Why a tree was not signed, or the server may not start over this database.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The database holds less than was signed.
    #[error(
        "the audit log of tenant {tenant} was rolled back: {signed} events were signed, the database holds {stored}; {missing}"
    )]
    Rollback {
        /// Whose log.
        tenant: TenantId,
        /// Events under the last checkpoint.
        signed: u64,
        /// Events in the database.
        stored: u64,
        /// Which of them are gone.
        missing: Missing,
    },
    /// The database holds another history than was signed.
    #[error(
        "the audit log of tenant {tenant} is not the one whose first {size} events were signed; {missing}"
    )]
    Fork {
        /// Whose log.
        tenant: TenantId,
        /// The size of the checkpoint that does not fit.
        size: u64,
        /// Which events are gone, or are not the ones that were signed.
        missing: Missing,
    },
    /// The database remembers a newer checkpoint than the folder holds: files were deleted or set back.
    #[error(
        "the checkpoint of tenant {tenant} is missing or too old: {signed} events were signed, the folder vouches for {outside}"
    )]
    Lost {
        /// Whose log.
        tenant: TenantId,
        /// Events that the database knows to be signed.
        signed: u64,
        /// Events under the checkpoint that is there; none without one.
        outside: u64,
    },
    /// A checkpoint outside the database is not by this server's key, or not a checkpoint.
    #[error("the checkpoint of tenant {tenant} is refused: {cause}")]
    Refused {
        /// Whose log.
        tenant: TenantId,
        /// Why.
        cause: CheckpointError,
    },
    /// What is stored of the tree cannot be what this program wrote.
    #[error("the stored tree of the audit log of tenant {tenant} was altered: {what}")]
    Altered {
        /// Whose log.
        tenant: TenantId,
        /// What is wrong with it.
        what: String,
    },
    /// A statement that a further epoch of a log begins is missing or is not by this server's key.
    #[error("epoch {epoch} of the audit log of tenant {tenant} is not accounted for: {what}")]
    Epoch {
        /// Whose log.
        tenant: TenantId,
        /// Which epoch.
        epoch: u32,
        /// What is wrong.
        what: String,
    },
    /// A tenant whose log was signed is not in the database, and nothing else is left of it.
    #[error("{} vanished with its whole log: {size} events were signed, last noted at {at}", vanished(.tenant, .tag))]
    Vanished {
        /// The tenant, if its tag is of this installation's root key.
        tenant: Option<TenantId>,
        /// Its tag in the tree of heads, in hexadecimal digits.
        tag: String,
        /// Events of the newest head that was noted.
        size: u64,
        /// When that was noted.
        at: Timestamp,
    },
    /// The tree of heads knows of more of a log than the checkpoint outside the database.
    #[error(
        "the log of tenant {tenant} went back: a head of {noted} events was noted, the folder vouches for {outside}"
    )]
    HeadAhead {
        /// Whose log.
        tenant: TenantId,
        /// Events of the newest head that was noted.
        noted: u64,
        /// Events under the checkpoint that is there; none without one.
        outside: u64,
    },
    /// The tree of heads outside the database is not what was signed, or is gone.
    #[error("the tree of heads beside the checkpoints is refused: {0}")]
    Heads(String),
    /// Another process signed in between; the next round takes it from there.
    #[error("another process signed the log of tenant {0} in between")]
    Raced(TenantId),
    /// The folder of checkpoints.
    #[error("the checkpoints in {path} cannot be used: {cause}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
}

fn vanished(tenant: &Option<TenantId>, tag: &str) -> String {
    tenant.map_or_else(|| format!("a tenant with the tag {tag}"), |tenant| format!("tenant {tenant}"))
}
