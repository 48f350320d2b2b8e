//! Removing an integration, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations;
use bailiwick_store::{Store, integrations as stored};

use super::{LIST, shell};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<UpdateIntegrations>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<ConfirmPage> {
    let found = stored::find(&mut store.read(&permit).await?, id).await?.integration;
    Ok(ConfirmPage {
        shell: shell(&permit, &visit, &found, "Remove the integration?"),
        question: format!("Remove “{}”?", found.name),
        sentence: format!("It leads to {}.", found.origin),
        effects: vec![
            "Its configuration is gone for good. Disable it to keep that.".to_owned(),
            "The secrets that it names stay where they are.".to_owned(),
        ],
        danger: true,
        action: format!("{LIST}/{id}/remove"),
        hidden: Vec::new(),
        reason: None,
        button: "Remove integration",
        cancel: format!("{LIST}/{id}"),
    })
}

pub(super) async fn remove(
    Access(permit): Access<UpdateIntegrations>,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<SeeOther> {
    integrations::remove(&store, &permit, id).await?;
    Ok(SeeOther::to(LIST).tell(Message::IntegrationRemoved))
}
