//! One integration: what it is configured with, and how its tests went.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::IntegrationFault, ids::IntegrationId, permission::Permission, rule::ReadIntegrations,
};
use bailiwick_ops::integrations::{FieldClass, configuration, definition};
use bailiwick_store::{
    Store,
    integrations::{self, Listed},
    users,
};

use super::{LIST, entry::shown, health, state};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::{
        audit::history,
        parts::{Badge, counted},
    },
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "integrations/show.html")]
pub(super) struct IntegrationPage {
    shell: Shell,
    name: String,
    about: &'static str,
    path: String,
    /// Its history; empty for whoever may not read the log.
    history: String,
    provider: &'static str,
    origin: String,
    state: Badge,
    enabled: bool,
    may_change: bool,
    revision: i64,
    changed: When,
    changed_by: String,
    rows: Vec<ConfigRow>,
    health: Badge,
    tested: Option<When>,
    fault: Option<&'static str>,
    tests: String,
    /// The records of its tests; empty where there is none, or nobody may read them.
    tests_href: String,
}

/// A field of the configuration.
struct ConfigRow {
    title: &'static str,
    value: String,
    reference: bool,
}

pub(super) async fn show(
    Access(permit): Access<ReadIntegrations>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<IntegrationId>,
) -> Result<IntegrationPage> {
    let mut view = store.read(&permit).await?;
    let Listed { integration, health: tests } = integrations::find(&mut view, id).await?;
    let config = configuration(&mut view, id).await?;
    let changed_by = match integration.changed_by {
        None => "The server".to_owned(),
        Some(by) => {
            let names = users::names(&mut view, &[by.uuid()]).await?;
            names.get(&by.uuid()).cloned().unwrap_or_else(|| "Somebody who is gone".to_owned())
        }
    };
    let definition = definition(integration.provider)?;
    let rows = definition.fields.iter().filter_map(|field| {
        let value = shown(config.get(&field.name)?);
        Some(ConfigRow { title: &field.title, value, reference: field.class == FieldClass::Secret })
    });
    let in_log = |kind| if permit.may(Permission::AUDIT_READ) { history(kind, id) } else { String::new() };
    Ok(IntegrationPage {
        shell: Shell::new(&permit, &visit, integration.name.clone()).under("Integrations", LIST),
        about: &definition.description,
        path: format!("{LIST}/{id}"),
        history: in_log("integration"),
        provider: &definition.title,
        state: state(&integration),
        enabled: integration.enabled,
        may_change: permit.may(Permission::INTEGRATION_UPDATE),
        revision: integration.revision,
        changed: When::moment(integration.changed_at),
        changed_by,
        rows: rows.collect(),
        health: health(tests.as_ref()),
        tested: tests.as_ref().and_then(|tests| tests.tested_at).map(When::moment),
        fault: tests.as_ref().and_then(|tests| tests.fault).map(IntegrationFault::sentence),
        tests_href: if tests.is_some() { in_log("integration_health") } else { String::new() },
        tests: counted(tests.map_or(0, |tests| tests.tests), "test"),
        name: integration.name,
        origin: integration.origin,
    })
}
