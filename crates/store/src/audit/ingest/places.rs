//! Whether events have their place in the tree yet, and the proof of it.

use std::collections::HashMap;

use bailiwick_domain::ids::EventId;
use uuid::Uuid;

use crate::{
    Result,
    audit::page::{Proof, proofs},
    conn::by_ids,
    tx::Scope,
};

/// Where an event is.
#[derive(Clone, Debug)]
pub struct Included {
    /// The event.
    pub event: EventId,
    /// Its place and the proof of it; nothing while it waits for one.
    pub proof: Option<Proof>,
}

/// The leaves of those of these events that have one, in no order.
pub async fn leaves(scope: &mut impl Scope, events: &[EventId]) -> Result<HashMap<EventId, i64>> {
    let found: Vec<(Uuid, i64)> = by_ids!(
        scope,
        events.iter().map(|event| event.uuid()),
        sqlite: "SELECT l.event, l.leaf_index FROM json_each($2) AS e CROSS JOIN audit_leaf l
                 WHERE l.tenant = $1 AND l.event = unhex(e.value)",
        postgres: "SELECT l.event, l.leaf_index FROM unnest($2::uuid[]) AS e (event)
                 JOIN audit_leaf l ON l.tenant = $1 AND l.event = e.event",
    )?;
    Ok(found.into_iter().map(|(event, leaf)| (EventId::from(event), leaf)).collect())
}

/// Where these events are, in their order.
pub async fn included(scope: &mut impl Scope, events: &[EventId]) -> Result<Vec<Included>> {
    let leaves = leaves(scope, events).await?;
    let proofs = proofs(scope, leaves.values().copied().collect()).await?;
    let place = |event: &EventId| Included {
        event: *event,
        proof: leaves.get(event).and_then(|leaf| proofs.get(leaf)).cloned(),
    };
    Ok(events.iter().map(place).collect())
}
