//! One legal hold.

use axum::extract::State;
use bailiwick_domain::{ids::AuditHoldId, rule::ReadHolds};
use bailiwick_store::{Store, audit::hold};

use super::HoldBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadHolds>,
    State(store): State<Store>,
    Id(id): Id<AuditHoldId>,
) -> Result<Versioned<HoldBody>> {
    let mut view = store.read(&permit).await?;
    let found = hold::find(&mut view, id).await?;
    Versioned::of(&mut view, &found.hold.clone(), || found.into()).await
}
