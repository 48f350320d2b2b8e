//! Enabling, disabling and testing an integration.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations;
use bailiwick_store::Store;

use super::HealthBody;
use crate::{
    access::Access,
    api::NoBody,
    error::Result,
    forms::{Id, Json},
    state::AppState,
};

pub(in crate::api) async fn enable(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
    _: NoBody,
) -> Result<StatusCode> {
    integrations::enable(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn disable(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
    _: NoBody,
) -> Result<StatusCode> {
    integrations::disable(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answers with the outcome: that the other side does not work is none of the request's.
pub(in crate::api) async fn test(
    Access(permit): Access<UpdateIntegrations>,
    State(state): State<AppState>,
    Id(id): Id<IntegrationId>,
    _: NoBody,
) -> Result<Json<HealthBody>> {
    let health = integrations::test(&state.store, &permit, &state.outside, id).await?;
    Ok(Json(health.into()))
}
