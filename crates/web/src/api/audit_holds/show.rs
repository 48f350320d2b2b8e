//! One legal hold.

use axum::extract::State;
use bailiwick_domain::{ids::AuditHoldId, rule::ReadHolds};
use bailiwick_store::{Store, audit::hold};

use super::HoldBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadHolds>,
    State(store): State<Store>,
    Id(id): Id<AuditHoldId>,
) -> Result<Json<HoldBody>> {
    Ok(Json(hold::find(&mut store.read(&permit).await?, id).await?.into()))
}
