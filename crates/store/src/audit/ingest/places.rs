//! Whether events have their place in the tree yet, and the proof of it.

use bailiwick_domain::ids::EventId;

use crate::{
    Result,
    audit::page::{Proof, proof},
    lock::row,
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

/// Where these events are, in their order.
pub async fn included(scope: &mut impl Scope, events: &[EventId]) -> Result<Vec<Included>> {
    let tenant = scope.tenant();
    let mut all = Vec::with_capacity(events.len());
    for event in events {
        let leaf: Option<(i64,)> = row!(
            scope,
            "SELECT leaf_index FROM audit_leaf WHERE tenant = $1 AND event = $2",
            tenant.uuid(),
            event.uuid()
        )?;
        let proof = match leaf {
            Some((leaf,)) => Some(proof(scope, leaf).await?),
            None => None,
        };
        all.push(Included { event: *event, proof });
    }
    Ok(all)
}
