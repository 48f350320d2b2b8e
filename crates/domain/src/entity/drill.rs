use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::DrillId, time::Timestamp};

named! {
    /// What a tamper drill does to its copy of the log.
    DrillKind {
        /// One octet of a record is another.
        Record = "record",
        /// One octet of a hash tile is another.
        Tile = "tile",
        /// One character of a published checkpoint is another.
        Checkpoint = "checkpoint",
        /// A record is taken out, with its place.
        Removed = "removed",
        /// A forged record is put in, and what follows moves on by one.
        Inserted = "inserted",
        /// Two neighbours change places.
        Reordered = "reordered",
    }
}

named! {
    /// What verification made of it.
    DrillOutcome {
        /// It named exactly what had been touched.
        Named = "named",
        /// It refused the copy and could not say which record it was.
        Noticed = "noticed",
        /// It found nothing wrong.
        Missed = "missed",
        /// The copy did not verify before anything was done to it.
        Unsound = "unsound",
    }
}

impl DrillKind {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Record => "One octet of a record changed",
            Self::Tile => "One octet of a hash tile changed",
            Self::Checkpoint => "One character of a checkpoint changed",
            Self::Removed => "A record taken out",
            Self::Inserted => "A forged record put in",
            Self::Reordered => "Two records swapped",
        }
    }
}

impl DrillOutcome {
    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Named => "Named",
            Self::Noticed => "Noticed",
            Self::Missed => "Missed",
            Self::Unsound => "Log not sound",
        }
    }
}

/// A statement that the database was asked to change the past with, and its own words about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// The statement, such as `DELETE FROM audit_event WHERE tenant = $1`.
    pub statement: String,
    /// What the database answered.
    pub answer: String,
    /// Whether it refused.
    pub refused: bool,
}

/// A tamper drill: what was done to a copy of the log, and what verification said of it.
///
/// Holds no personal data: records are named by their ids and places.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Drill {
    /// The drill's id.
    pub id: DrillId,
    /// What was done.
    pub kind: DrillKind,
    /// To which record, tile or checkpoint; empty where nothing was done.
    pub target: String,
    /// What verification made of it.
    pub outcome: DrillOutcome,
    /// The finding, one sentence; empty where there was none.
    pub found: String,
    /// Records in the copy.
    pub records: i64,
    /// How long the verification of the altered copy took, in microseconds.
    pub took_micros: i64,
    /// What the random choices followed from: 53 bits, so that a drill can be repeated.
    pub seed: i64,
    /// What the database refused besides, in its own words.
    pub probes: Vec<Probe>,
    /// When.
    pub at: Timestamp,
}

impl Drill {
    /// Whether every statement that would change the past was refused.
    pub fn is_append_only(&self) -> bool {
        self.probes.iter().all(|probe| probe.refused)
    }
}

impl Entity for Drill {
    const KIND: &'static str = "audit_drill";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
