//! One record with its exact octets and the proof that it lies in the log.

use std::collections::BTreeMap;

use axum::extract::State;
use bailiwick_domain::{ids::EventId, rule::ReadAudit};
use bailiwick_store::{
    Store,
    audit::{self, Proof},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    retained,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    id: EventId,
    /// The canonical JSON that is hashed, octet by octet: hash this text, not what parsing it gives.
    octets: String,
    /// SHA-256 of a zero octet and the octets (RFC 9162 §2.1.1).
    hash: String,
    /// That the record lies in the tree; nothing for a record that has no place in it yet.
    proof: Option<ProofBody>,
    /// The values behind the commitments in the octets, by commitment; without those of erased people.
    personal: BTreeMap<String, Value>,
}

/// That a record lies in the tree.
#[derive(Serialize)]
pub(in crate::api) struct ProofBody {
    leaf_index: i64,
    size: i64,
    root: String,
    /// From the leaf to the root (RFC 9162 §2.1.3).
    path: Vec<String>,
    /// The signed note of the oldest checkpoint that covers the record (C2SP tlog-checkpoint); nothing before the first, as right
    /// after the record has got its place: the receipt has it a moment later.
    checkpoint: Option<String>,
}

impl From<Proof> for ProofBody {
    fn from(proof: Proof) -> Self {
        Self {
            leaf_index: proof.leaf_index,
            size: proof.size,
            root: proof.root.to_string(),
            path: proof.path.iter().map(ToString::to_string).collect(),
            checkpoint: proof.checkpoint,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<EventId>,
) -> Result<Json<Body>> {
    let mut view = store.read(&permit).await?;
    let event = audit::event_page(&mut view, id).await;
    let event = retained::there(&mut view, id, event).await?;
    Ok(Json(Body {
        id,
        octets: event.bytes,
        hash: event.hash.to_string(),
        proof: event.proof.map(ProofBody::from),
        personal: event.personal.into_iter().collect(),
    }))
}
