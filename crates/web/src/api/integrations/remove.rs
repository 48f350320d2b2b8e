//! Removing an integration.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
    _: NoBody,
) -> Result<StatusCode> {
    integrations::remove(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
