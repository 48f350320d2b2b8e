//! Setting an integration up.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::UpdateIntegrations;
use bailiwick_ops::integrations;
use bailiwick_store::integrations::Listed;
use serde::Deserialize;
use serde_json::Value;

use super::IntegrationBody;
use crate::{access::Access, api::Created, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewIntegration {
    name: String,
    provider: String,
    config: Value,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateIntegrations>,
    State(state): State<AppState>,
    Json(new): Json<NewIntegration>,
) -> Result<Response> {
    let new = integrations::NewIntegration {
        name: new.name,
        provider: new.provider,
        config: new.config,
        store: None,
    };
    let integration = integrations::create(&state.store, &permit, &state.outside, new).await?;
    let location = format!("/v1/integrations/{}", integration.id);
    let body = IntegrationBody::from(Listed { integration, health: None });
    Ok(Created { location, body }.into_response())
}
