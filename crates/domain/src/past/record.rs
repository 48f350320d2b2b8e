//! A record of the log, as far as it says what somebody may do.

use serde::Deserialize;
use uuid::Uuid;

use crate::{change::Change, ids::EventId, time::Timestamp};

/// A record of the log, read from the octets that are hashed. Members that say nothing about rights are passed over.
#[derive(Clone, Debug, Deserialize)]
pub struct Record {
    /// The record's id.
    pub id: EventId,
    /// What was done, `noun.verb`.
    pub action: String,
    /// Who did it.
    pub actor: Who,
    /// What it changed.
    pub changes: Vec<Change>,
    /// What it was done to.
    pub entity: About,
    /// `ok`, `denied` or `failed`.
    pub outcome: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// Who acted, as the log names them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Who {
    /// `user`, `api_key`, `operator`, `system` or `anonymous`.
    pub kind: String,
    /// Their opaque id.
    pub id: Option<Uuid>,
}

/// The thing that a record is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct About {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: Uuid,
    /// Which revision of it the record made.
    pub revision: i64,
}

impl Record {
    /// Reads a record; nothing for octets that are none.
    pub fn read(octets: &[u8]) -> Option<Self> {
        serde_json::from_slice(octets).ok()
    }
}
