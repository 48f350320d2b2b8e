//! Changing an integration: the same form with what is configured, and the revision that was seen.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::Integration, ids::IntegrationId, rule::UpdateIntegrations};
use bailiwick_ops::integrations::{self, Update, definition};
use bailiwick_store::{Permit, integrations as stored};

use super::{
    LIST,
    entry::{configuration, entries, names, store, unknown},
    new::{IntegrationForm, page},
    shell,
};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id, Problem},
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

pub(super) async fn edit(
    Access(permit): Access<UpdateIntegrations>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<IntegrationId>,
) -> Result<IntegrationForm> {
    let mut view = state.store.read(&permit).await?;
    let found = stored::find(&mut view, id).await?.integration;
    let config = integrations::configuration(&mut view, id).await?;
    let form = form(&permit, &visit, &found)?;
    let entries = entries(definition(found.provider)?, Some(&config));
    Ok(IntegrationForm { entries, ..form })
}

fn form(permit: &Permit<UpdateIntegrations>, visit: &Visit, found: &Integration) -> Result<IntegrationForm> {
    let path = format!("{LIST}/{}", found.id);
    let new = page(permit, visit, definition(found.provider)?);
    Ok(IntegrationForm {
        shell: shell(permit, visit, found, "Change integration"),
        title: "Change integration",
        action: path.clone(),
        cancel: path,
        button: "Save integration",
        tabs: Vec::new(),
        revision: Some(found.revision.to_string()),
        name: new.name.value(found.name.clone()),
        ..new
    })
}

pub(super) async fn update(
    Access(permit): Access<UpdateIntegrations>,
    visit: Visit,
    State(state): State<AppState>,
    Id(id): Id<IntegrationId>,
    sent: Form<BTreeMap<String, String>>,
) -> Result<Response> {
    let found = stored::find(&mut state.store.read(&permit).await?, id).await?.integration;
    let definition = definition(found.provider)?;
    let mut problems = match &sent.values {
        Err(problems) => problems.clone(),
        Ok(values) => unknown(definition, values.keys()),
    };
    let revision = sent.typed.value("revision").parse::<i64>();
    if revision.is_err() {
        problems.push(Problem::new("", "Open the integration again, and change it from there."));
    }
    let refused = match revision {
        Ok(revision) if problems.is_empty() => {
            let stores = store(&sent.typed);
            let message =
                if stores.is_some() { Message::IntegrationWithSecret } else { Message::IntegrationChanged };
            let new = Update {
                name: sent.typed.value("name").to_owned(),
                config: configuration(definition, &sent.typed),
                revision,
                store: stores,
            };
            match integrations::update(&state.store, &permit, &state.outside, id, new).await {
                Ok(_) => {
                    return Ok(SeeOther::to(&format!("{LIST}/{id}")).tell(message).into_response());
                }
                Err(error) => Refused::by(error, &names(definition))?,
            }
        }
        _ => Refused::unread(problems, &[]),
    };
    let page = form(&permit, &visit, &found)?.again(&sent.typed, refused.problems);
    Ok((refused.status, page).into_response())
}
