//! Saying that it is done, and why.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SecurityEventId, rule::TriageSecurityEvents};
use bailiwick_ops::security_events;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Resolution {
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<TriageSecurityEvents>,
    State(store): State<Store>,
    Id(id): Id<SecurityEventId>,
    Json(resolution): Json<Resolution>,
) -> Result<StatusCode> {
    security_events::resolve(&store, &permit, id, &resolution.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
