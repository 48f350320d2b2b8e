//! One integration with its configuration.

use axum::extract::State;
use bailiwick_domain::{ids::IntegrationId, rule::ReadIntegrations};
use bailiwick_ops::integrations::configuration;
use bailiwick_store::{Store, integrations};
use serde::Serialize;
use serde_json::{Map, Value};

use super::IntegrationBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

/// An integration with what it is configured with.
#[derive(Serialize)]
pub(in crate::api) struct Body {
    #[serde(flatten)]
    integration: IntegrationBody,
    /// References stand where secrets would.
    config: Map<String, Value>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<Json<Body>> {
    let mut view = store.read(&permit).await?;
    let integration = integrations::find(&mut view, id).await?.into();
    let config = configuration(&mut view, id).await?;
    Ok(Json(Body { integration, config }))
}
