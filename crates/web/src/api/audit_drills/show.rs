//! One tamper drill.

use axum::extract::State;
use bailiwick_domain::{ids::DrillId, rule::VerifyAudit};
use bailiwick_store::{Store, audit};

use super::DrillBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(store): State<Store>,
    Id(id): Id<DrillId>,
) -> Result<Json<DrillBody>> {
    let mut view = store.read(&permit).await?;
    Ok(Json(audit::find_drill(&mut view, id).await?.into()))
}
