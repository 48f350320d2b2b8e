//! What becomes of a tenant's log itself: a refusal to vouch for it, and a new beginning after a loss.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{LogEpochId, LogRefusalId},
    time::Timestamp,
};

named! {
    /// Why nobody vouched for a log.
    RefusalKind {
        /// The database holds less than was signed.
        Rollback = "rollback",
        /// The log has two histories.
        Fork = "fork",
        /// A witness has cosigned more of the log than there is.
        Ahead = "ahead",
    }
}

/// That the signer did not sign a log, or a witness did not cosign it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogRefusal {
    /// The refusal's id.
    pub id: LogRefusalId,
    /// Who refused: `signer`, or the name of a witness.
    pub by: String,
    /// Why.
    pub why: RefusalKind,
    /// The events that there were, or that the checkpoint was about.
    pub size: i64,
    /// The events that whoever refused had vouched for before, where that is known.
    pub seen: Option<i64>,
    /// When it was noticed.
    pub at: Timestamp,
}

impl Entity for LogRefusal {
    const KIND: &'static str = "log_refusal";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// That a log went on under another name after signed events were lost for good.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogEpoch {
    /// The id of its beginning.
    pub id: LogEpochId,
    /// Its number; the first epoch of a log is 1, and is no such beginning.
    pub epoch: i64,
    /// The events that both epochs have in common.
    pub kept: i64,
    /// When these were signed, where that is known.
    pub kept_at: Option<Timestamp>,
    /// The events that the epoch before had signed: those beyond `kept` are lost.
    pub signed: i64,
    /// When these were signed, as far as the folder of checkpoints tells.
    pub signed_at: Option<Timestamp>,
    /// When the epoch began.
    pub begun_at: Timestamp,
}

impl Entity for LogEpoch {
    const KIND: &'static str = "log_epoch";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
