//! A record as its octets say it.

use bailiwick_domain::{change::Change, time::Timestamp};
use bailiwick_proof::Hash;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Result};

/// A record of the log, read from the octets that are hashed. Members that a later version adds are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub(super) action: String,
    pub(super) actor: Actor,
    pub(super) changes: Vec<Change>,
    pub(super) entity: Entity,
    pub(super) occurred_at: Timestamp,
    pub(super) recorded_at: Timestamp,
    pub(super) outcome: String,
    /// The hash of the entity's record before this one.
    pub(super) prev: Option<Hash>,
    pub(super) reason: Option<String>,
    pub(super) request: Option<Uuid>,
    pub(super) source: Source,
}

#[derive(Debug, Deserialize)]
pub(super) struct Actor {
    pub(super) kind: String,
    pub(super) id: Option<Uuid>,
    pub(super) auth: String,
    pub(super) credential: Option<Uuid>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    pub(super) id: Uuid,
    pub(super) revision: i64,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Source {
    pub(super) agent: String,
    /// A commitment to the address.
    pub(super) ip: Value,
}

impl Record {
    pub(super) fn read(octets: &str) -> Result<Self> {
        serde_json::from_str(octets).map_err(|cause| Error::Internal(Box::new(cause)))
    }
}
