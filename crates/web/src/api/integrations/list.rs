//! The organisation's integrations by name.

use axum::extract::State;
use bailiwick_domain::rule::ReadIntegrations;
use bailiwick_store::{Store, integrations};

use super::IntegrationBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadIntegrations>,
    State(store): State<Store>,
    After(after): After<String>,
) -> Result<Json<List<IntegrationBody>>> {
    let (listed, next) = integrations::list(&mut store.read(&permit).await?, after.as_deref()).await?;
    Ok(List::after(listed.into_iter().map(IntegrationBody::from), next))
}
