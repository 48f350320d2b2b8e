//! Enabling, disabling and testing an integration: one button each.

use axum::extract::State;
use bailiwick_domain::{ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations;
use bailiwick_store::Store;

use super::LIST;
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    shell::{Message, SeeOther},
    state::AppState,
};

pub(super) async fn enable(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<SeeOther> {
    integrations::enable(&store, &permit, id).await?;
    Ok(back(id, Message::IntegrationEnabled))
}

pub(super) async fn disable(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<SeeOther> {
    integrations::disable(&store, &permit, id).await?;
    Ok(back(id, Message::IntegrationDisabled))
}

pub(super) async fn test(
    Access(permit): Access<UpdateIntegrations>,
    State(state): State<AppState>,
    Id(id): Id<IntegrationId>,
) -> Result<SeeOther> {
    let health = integrations::test(&state.store, &permit, &state.outside, id).await?;
    let message = if health.fault.is_some() { Message::IntegrationFails } else { Message::IntegrationWorks };
    Ok(back(id, message))
}

fn back(id: IntegrationId, message: Message) -> SeeOther {
    SeeOther::to(&format!("{LIST}/{id}")).tell(message)
}
