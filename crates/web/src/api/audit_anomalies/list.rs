//! What was unusual about what people did, newest first.

use axum::extract::State;
use bailiwick_domain::{
    entity::{Anomaly, AnomalyKind},
    ids::{AnomalyId, UserId},
    rule::ReadAudit,
    time::Timestamp,
};
use bailiwick_store::{Store, audit};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    id: AnomalyId,
    /// `place`, `device`, `action`, `burst` or `hour`.
    kind: AnomalyKind,
    /// The user or key that acted, or what stands for the product's actor.
    actor: Uuid,
    /// The user, or whoever made the key that acted or that told of the product's actor.
    user: UserId,
    /// The country, network, device, action or hour, or how many records.
    what: String,
    /// The leaf of the record that showed it.
    leaf_index: i64,
    /// The page with the records that show it.
    query: String,
    at: Timestamp,
}

impl From<Anomaly> for Body {
    fn from(note: Anomaly) -> Self {
        Self {
            id: note.id,
            kind: note.kind,
            actor: note.actor,
            user: note.user,
            what: note.what,
            leaf_index: note.leaf,
            query: note.query,
            at: note.at,
        }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<Body>>> {
    let mut view = store.read(&permit).await?;
    let page = audit::anomalies(&mut view, before).await?;
    Ok(List::page(page, Body::from))
}
