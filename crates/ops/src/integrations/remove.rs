//! Removing an integration with its configuration. The secrets that it names stay.

use bailiwick_domain::{
    entity::{Integration, Severity},
    ids::IntegrationId,
    rule::UpdateIntegrations,
};
use bailiwick_store::{Event, Permit, Store, integrations};

use crate::Result;

/// Removes an integration.
///
/// # Errors
/// `NotFound` for one that is not there.
pub async fn remove(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    id: IntegrationId,
) -> Result<Integration> {
    store
        .change(permit, async |tx| {
            let before = integrations::lock(tx, id).await?;
            if let Some(health) = integrations::drop_health(tx, id).await? {
                tx.also(Event::new("integration_health.dropped", &health)?);
            }
            let written = integrations::remove(tx, before.clone()).await?;
            let event = Event::new("integration.deleted", &written)?
                .raising(Severity::Warning, "An integration was removed with its configuration");
            Ok(tx.record(event, before))
        })
        .await
}
