//! The form with which an integration is set up or changed, for each provider.

use askama::Template;
use askama_web::WebTemplate;
use bailiwick_domain::{entity::IntegrationProvider, permission::Permission, rule::UpdateIntegrations};
use bailiwick_ops::integrations::{Definition, definition, definitions};
use bailiwick_store::Permit;
use serde::Deserialize;

use super::{
    LIST,
    entry::{Entry, entries},
};
use crate::{
    access::Access,
    error::Result,
    forms::{Field, Problem, Query, Typed, in_order},
    pages::parts::Tab,
    shell::{Shell, Visit},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    provider: Option<IntegrationProvider>,
}

#[derive(Template, WebTemplate)]
#[template(path = "integrations/form.html")]
pub(super) struct IntegrationForm {
    pub(super) shell: Shell,
    pub(super) problems: Vec<Problem>,
    pub(super) title: &'static str,
    pub(super) intro: &'static str,
    pub(super) action: String,
    pub(super) cancel: String,
    pub(super) button: &'static str,
    /// The other providers; none where there is an integration already.
    pub(super) tabs: Vec<Tab>,
    pub(super) provider: &'static str,
    /// The revision that is changed; nothing of a new one.
    pub(super) revision: Option<String>,
    pub(super) name: Field,
    pub(super) entries: Vec<Entry>,
    pub(super) may_store: bool,
}

pub(super) async fn new(
    Access(permit): Access<UpdateIntegrations>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<IntegrationForm> {
    let provider = asked.provider.unwrap_or(IntegrationProvider::PaymentGateway);
    Ok(page(&permit, &visit, definition(provider)?))
}

/// The empty form.
pub(super) fn page(
    permit: &Permit<UpdateIntegrations>,
    visit: &Visit,
    definition: &'static Definition,
) -> IntegrationForm {
    let tab = |of: &'static Definition| Tab {
        label: &of.title,
        href: format!("{LIST}/new?provider={}", of.provider.name()),
        current: of.provider == definition.provider,
        count: String::new(),
    };
    IntegrationForm {
        shell: Shell::new(permit, visit, "New integration").under("Integrations", LIST),
        problems: Vec::new(),
        title: "New integration",
        intro: &definition.description,
        action: LIST.to_owned(),
        cancel: LIST.to_owned(),
        button: "Set up integration",
        tabs: definitions().iter().map(tab).collect(),
        provider: definition.provider.name(),
        revision: None,
        name: name(),
        entries: entries(definition, None),
        may_store: permit.may(Permission::SECRET_WRITE),
    }
}

/// The field for the name.
pub(super) fn name() -> Field {
    Field::new("name", "Name")
        .hint("What people call it. Secrets that are stored with it are named after it.")
}

impl IntegrationForm {
    /// The form as it was filled in, with what is wrong beside each field, and without what may be a secret.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        let mut fields = vec![self.name.named()];
        fields.extend(self.entries.iter().map(Entry::named));
        Self {
            name: self.name.again(typed, &problems),
            entries: self.entries.into_iter().map(|entry| entry.again(typed, &problems)).collect(),
            revision: self.revision.map(|_| typed.value("revision").to_owned()),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}
