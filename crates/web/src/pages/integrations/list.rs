//! The tenant's integrations by name.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::ReadIntegrations};
use bailiwick_ops::integrations::definition;
use bailiwick_store::{
    Store,
    integrations::{self, Listed},
};
use serde::Deserialize;

use super::{LIST, health, state};
use crate::{
    access::Access,
    error::Result,
    forms::Query,
    pages::parts::{Badge, Pager, address, counted},
    shell::{Shell, Visit},
    when::When,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// The last name of the page before.
    after: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "integrations/list.html")]
pub(super) struct IntegrationsPage {
    shell: Shell,
    may_change: bool,
    rows: Vec<IntegrationRow>,
    pager: Pager,
}

/// An integration in the list.
struct IntegrationRow {
    name: String,
    href: String,
    provider: &'static str,
    origin: String,
    state: Badge,
    health: Badge,
    tested: Option<When>,
    changed: When,
}

pub(super) async fn list(
    Access(permit): Access<ReadIntegrations>,
    visit: Visit,
    State(store): State<Store>,
    Query(filter): Query<Filter>,
) -> Result<IntegrationsPage> {
    let mut view = store.read(&permit).await?;
    let total = integrations::count(&mut view).await?;
    let (listed, next) = integrations::list(&mut view, filter.after.as_deref()).await?;
    Ok(IntegrationsPage {
        shell: Shell::new(&permit, &visit, "Integrations"),
        may_change: permit.may(Permission::INTEGRATION_UPDATE),
        rows: listed.into_iter().map(row).collect::<Result<_>>()?,
        pager: Pager::forward(
            counted(total, "integration"),
            filter.after.map(|_| LIST.to_owned()),
            next.map(|next| address(LIST, &[("after", Some(next.as_str()))])),
        ),
    })
}

fn row(Listed { integration, health: tests }: Listed) -> Result<IntegrationRow> {
    Ok(IntegrationRow {
        href: format!("{LIST}/{}", integration.id),
        provider: &definition(integration.provider)?.title,
        state: state(&integration),
        health: health(tests.as_ref()),
        tested: tests.and_then(|tests| tests.tested_at).map(When::moment),
        changed: When::moment(integration.changed_at),
        name: integration.name,
        origin: integration.origin,
    })
}
