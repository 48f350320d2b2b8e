//! What there can be an integration with, each with the schema of its configuration.

use bailiwick_domain::{entity::IntegrationProvider, rule::ReadIntegrations};
use bailiwick_ops::integrations::definitions;
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::Access,
    api::List,
    error::{Error, Result},
    forms::Json,
};

/// A provider.
#[derive(Serialize)]
pub(in crate::api) struct ProviderBody {
    provider: IntegrationProvider,
    title: &'static str,
    description: &'static str,
    /// JSON Schema 2020-12; `x-class` is `secret` where a reference belongs.
    schema: Value,
}

pub(in crate::api) async fn handle(
    Access(_permit): Access<ReadIntegrations>,
) -> Result<Json<List<ProviderBody>>> {
    let providers = definitions().iter().map(|definition| {
        let schema = serde_json::from_str(definition.text);
        Ok(ProviderBody {
            provider: definition.provider,
            title: &definition.title,
            description: &definition.description,
            schema: schema.map_err(|error| Error::Internal(Box::new(error)))?,
        })
    });
    Ok(List::whole(providers.collect::<Result<Vec<_>>>()?))
}
