use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{
    ids::{AuditAlarmId, AuditRestoreId, AuditRetirementId, TenantId},
    retention::Days,
    time::Timestamp,
};

/// How long an organisation's records stay in the database.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRetention {
    /// Whose records.
    pub id: TenantId,
    /// Days by class of action; a class that is not named is kept for good.
    pub days: Days,
}

impl Entity for AuditRetention {
    const KIND: &'static str = "audit_retention";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// Records that the retention took out of the database: what is left of each is named by the digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRetirement {
    /// The id of this taking.
    pub id: AuditRetirementId,
    /// The segment of the archive that holds the records: the size of the tree at its end.
    pub segment: i64,
    /// The first leaf that was taken.
    pub first_leaf: i64,
    /// The last leaf that was taken; those between them that were not are still there.
    pub last_leaf: i64,
    /// How many were taken.
    pub records: i64,
    /// How many of each class.
    pub classes: BTreeMap<String, i64>,
    /// The digest of what is left of them, 64 lower-case hexadecimal digits: see the proof crate's `RetiredSum`.
    pub digest: String,
    /// When.
    pub retired_at: Timestamp,
}

impl Entity for AuditRetirement {
    const KIND: &'static str = "audit_retirement";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// How far a segment that was asked back has come.
    RestoreState {
        /// It is being fetched and checked, or about to be.
        Waiting = "waiting",
        /// Its records can be searched.
        Done = "done",
        /// It could not be brought back.
        Failed = "failed",
        /// Its time is over, or somebody ended it: what the retention had taken is gone again.
        Ended = "ended",
    }
}

/// A segment of the archive that was asked back for a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditRestore {
    /// The restore's id.
    pub id: AuditRestoreId,
    /// The segment: the size of the tree at its end.
    pub segment: i64,
    /// The first leaf of the segment.
    pub first_leaf: i64,
    /// How far it has come.
    pub state: RestoreState,
    /// Who asked: the opaque id of a person or key.
    pub asked_by: Option<Uuid>,
    /// Why.
    pub reason: String,
    /// Records that came back with it.
    pub records: i64,
    /// Why it could not be brought back.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it could be searched, or failed.
    pub finished_at: Option<Timestamp>,
    /// When its records go again.
    pub expires_at: Timestamp,
}

impl Entity for AuditRestore {
    const KIND: &'static str = "audit_restore";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

named! {
    /// What is wrong with the keeping of the logs.
    AlarmKind {
        /// Records wait too long for their place in the tree.
        Unsequenced = "unsequenced",
        /// The archive is too far behind.
        ArchiveLag = "archive_lag",
        /// A place in a log, or in the archive of one, is empty that must not be.
        Gap = "gap",
    }
}

impl AlarmKind {
    /// What it says to people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unsequenced => "Records wait for their place in the log",
            Self::ArchiveLag => "The archive of the log is behind",
            Self::Gap => "Something is missing in a log",
        }
    }
}

/// An alarm about the keeping of the logs: raised once, ended when its cause is gone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuditAlarm {
    /// The alarm's id.
    pub id: AuditAlarmId,
    /// What is wrong.
    pub kind: AlarmKind,
    /// What was seen when it was raised, in one sentence.
    pub detail: String,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When its cause was gone; nothing while it stands.
    pub ended_at: Option<Timestamp>,
}

impl Entity for AuditAlarm {
    const KIND: &'static str = "audit_alarm";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
