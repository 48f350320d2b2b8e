//! A record as its octets say it.

use bailiwick_domain::{change::Change, time::Timestamp};
use bailiwick_proof::{Hash, event::is_product};
use bailiwick_store::audit::id_of;
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
#[serde(try_from = "SaidActor")]
pub(super) struct Actor {
    pub(super) kind: String,
    pub(super) id: Option<Uuid>,
    /// How the product calls them, where it is one of its actors.
    pub(super) named: Option<String>,
    pub(super) auth: String,
    pub(super) credential: Option<Uuid>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "SaidEntity")]
pub(super) struct Entity {
    pub(super) id: Uuid,
    /// The product's id of it, where it is one of its things.
    pub(super) named: Option<String>,
    pub(super) revision: i64,
    pub(super) kind: String,
}

/// An actor as the octets say it: a product's ids are texts of its own.
#[derive(Deserialize)]
struct SaidActor {
    kind: String,
    id: Option<String>,
    auth: String,
    credential: Option<Uuid>,
}

#[derive(Deserialize)]
struct SaidEntity {
    id: String,
    revision: i64,
    #[serde(rename = "type")]
    kind: String,
}

const NO_ID: &str = "an id that is none";

impl TryFrom<SaidActor> for Actor {
    type Error = &'static str;

    fn try_from(said: SaidActor) -> Result<Self, &'static str> {
        let id = said.id.as_deref().map(|id| id_of(&said.kind, id).ok_or(NO_ID)).transpose()?;
        let named = said.id.filter(|_| is_product(&said.kind));
        Ok(Self { id, named, kind: said.kind, auth: said.auth, credential: said.credential })
    }
}

impl TryFrom<SaidEntity> for Entity {
    type Error = &'static str;

    fn try_from(said: SaidEntity) -> Result<Self, &'static str> {
        let id = id_of(&said.kind, &said.id).ok_or(NO_ID)?;
        let named = Some(said.id).filter(|_| is_product(&said.kind));
        Ok(Self { id, named, revision: said.revision, kind: said.kind })
    }
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
