//! The form with which a key is issued.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::CreateApiKey};
use bailiwick_store::{Permit, Store};

use crate::{
    access::Access,
    forms::{Choice, Field, Problem, Select, Typed, in_order},
    pages::parts::counted,
    shell::{Shell, Visit},
};

/// Days that are offered.
const DAYS: [i64; 4] = [30, 90, 180, 365];
/// The choice of a key without an end.
pub(super) const NEVER: &str = "never";

#[derive(Template, WebTemplate)]
#[template(path = "api_keys/create.html")]
pub(super) struct ApiKeyCreatePage {
    shell: Shell,
    problems: Vec<Problem>,
    name: Field,
    tag: Field,
    lifetime: Select,
    scopes_error: Option<String>,
    scopes: Vec<ScopeGroup>,
}

/// Scopes under one heading.
struct ScopeGroup {
    name: String,
    open: bool,
    scopes: Vec<Scope>,
}

/// A permission that the key may carry.
struct Scope {
    name: String,
    description: String,
    checked: bool,
    /// The person does not hold it and so cannot hand it on.
    locked: bool,
}

pub(super) async fn new(
    Access(permit): Access<CreateApiKey>,
    visit: Visit,
    State(store): State<Store>,
) -> ApiKeyCreatePage {
    page(&permit, &visit, &store)
}

/// The empty form.
pub(super) fn page(permit: &Permit<CreateApiKey>, visit: &Visit, store: &Store) -> ApiKeyCreatePage {
    let days = DAYS.iter().map(|days| Choice::new(days.to_string(), counted(*days, "day")));
    let lifetimes = days.chain([Choice::new(NEVER, "Never")]);
    ApiKeyCreatePage {
        shell: Shell::new(permit, visit, "Create an API key").under("API keys", "/api-keys"),
        problems: Vec::new(),
        name: Field::new("name", "Name").hint("What the program is, so that others recognise it later."),
        tag: Field::new("tag", "Tag").hint(
            "Three lower-case letters or digits that stand in the key's beginning; random if left empty.",
        ),
        lifetime: Select::new("lifetime", "Expires after", lifetimes, "90")
            .hint("A key without an end is as dangerous in ten years as today."),
        scopes_error: None,
        scopes: scopes(permit, store),
    }
}

impl ApiKeyCreatePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(mut self, typed: &Typed, problems: Vec<Problem>) -> Self {
        for group in &mut self.scopes {
            for scope in &mut group.scopes {
                scope.checked = typed.has("scope", &scope.name) && !scope.locked;
            }
            group.open |= group.scopes.iter().any(|scope| scope.checked);
        }
        let fields = [self.name.named(), self.tag.named(), self.lifetime.named(), ("scopes", "Scopes")];
        Self {
            name: self.name.again(typed, &problems),
            tag: self.tag.again(typed, &problems),
            lifetime: self.lifetime.again(typed, &problems),
            scopes_error: problems
                .iter()
                .find(|problem| problem.field == "scopes")
                .map(|problem| problem.text.clone()),
            problems: in_order(problems, &fields),
            ..self
        }
    }
}

/// Every permission that a key can carry, by group; the first group of which the person holds something stands open.
fn scopes(permit: &Permit<CreateApiKey>, store: &Store) -> Vec<ScopeGroup> {
    let catalogue = store.catalogue();
    let platform = catalogue.platform_permissions();
    let may = |permission: Permission| permit.may(permission);
    let mut groups: Vec<ScopeGroup> = Vec::new();
    for (name, members) in catalogue.groups() {
        let scopes: Vec<_> = members
            .into_iter()
            .filter(|(permission, _)| !platform.contains(*permission))
            .map(|(permission, row)| Scope {
                name: row.name.to_string(),
                description: row.description.to_string(),
                checked: false,
                locked: !may(permission),
            })
            .collect();
        if !scopes.is_empty() {
            groups.push(ScopeGroup { name: name.to_owned(), open: false, scopes });
        }
    }
    if let Some(group) = groups.iter_mut().find(|group| group.scopes.iter().any(|scope| !scope.locked)) {
        group.open = true;
    }
    groups
}
