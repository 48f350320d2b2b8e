//! Changing an integration. The body names the revision that was seen; a stale one is refused.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Update {
    name: String,
    config: Value,
    revision: i64,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateIntegrations>,
    State(state): State<AppState>,
    Id(id): Id<IntegrationId>,
    Json(new): Json<Update>,
) -> Result<StatusCode> {
    let new =
        integrations::Update { name: new.name, config: new.config, revision: new.revision, store: None };
    integrations::update(&state.store, &permit, &state.outside, id, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
