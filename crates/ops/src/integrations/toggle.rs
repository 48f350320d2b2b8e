//! Taking an integration into use, and out of it.

use bailiwick_domain::{entity::Integration, ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_store::{Event, Permit, Scope, Store, integrations};

use super::person;
use crate::{Error, Result};

/// Takes an integration into use. The server tests it within a minute, and every hour from then on.
///
/// # Errors
/// `Conflict` where it is in use.
pub async fn enable(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    id: IntegrationId,
) -> Result<Integration> {
    set(store, permit, id, true).await
}

/// Takes an integration out of use.
///
/// # Errors
/// `Conflict` where it is not in use.
pub async fn disable(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    id: IntegrationId,
) -> Result<Integration> {
    set(store, permit, id, false).await
}

async fn set(
    store: &Store,
    permit: &Permit<UpdateIntegrations>,
    id: IntegrationId,
    enabled: bool,
) -> Result<Integration> {
    store
        .change(permit, async |tx| {
            let before = integrations::lock(tx, id).await?;
            if before.enabled == enabled {
                return Err(Error::Conflict(if enabled {
                    "The integration is enabled already."
                } else {
                    "The integration is disabled already."
                }));
            }
            let after = Integration {
                enabled,
                revision: before.revision + 1,
                changed_at: tx.now(),
                changed_by: person(permit),
                ..before.clone()
            };
            let due_at = tx.now();
            let written = integrations::toggle(tx, before, after.clone(), due_at).await?;
            let action = if enabled { "integration.enabled" } else { "integration.disabled" };
            Ok(tx.record(Event::new(action, &written)?, after))
        })
        .await
}
