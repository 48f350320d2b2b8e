//! The form with which a key is issued.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::Permission, rule::CreateApiKey};
use bailiwick_ops::api_keys::DEFAULT_DAYS;
use bailiwick_store::{Permit, Store, tenants};

use crate::{
    access::Access,
    error::Result,
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
    environment: Select,
    lifetime: Select,
    owner: Field,
    networks: Field,
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
) -> Result<ApiKeyCreatePage> {
    page(&permit, &visit, &store).await
}

/// The empty form.
pub(super) async fn page(
    permit: &Permit<CreateApiKey>,
    visit: &Visit,
    store: &Store,
) -> Result<ApiKeyCreatePage> {
    let most = tenants::policy(&mut store.read(permit).await?).await?.api_key_days;
    let offered: Vec<i64> = match most {
        None => DAYS.to_vec(),
        Some(most) => DAYS.into_iter().filter(|days| *days < most).chain([most]).collect(),
    };
    let days = offered.iter().map(|days| Choice::new(days.to_string(), counted(*days, "day")));
    let endless = most.is_none().then(|| Choice::new(NEVER, "Never"));
    let lifetimes = days.chain(endless);
    let usual = most.unwrap_or(DEFAULT_DAYS).min(DEFAULT_DAYS).to_string();
    Ok(ApiKeyCreatePage {
        shell: Shell::new(permit, visit, "Create an API key").under("API keys", "/api-keys"),
        problems: Vec::new(),
        name: Field::new("name", "Name").hint("What the program is, so that others recognise it later."),
        tag: Field::new("tag", "Tag").hint(
            "Three lower-case letters or digits that stand in the key's beginning; random if left empty.",
        ),
        environment: Select::new(
            "environment",
            "Environment",
            [Choice::new("live", "Live: real data"), Choice::new("test", "Test: trial data")],
            "live",
        )
        .hint("Stands in the key's beginning, and in the answer to whoever asks whether it is good."),
        lifetime: Select::new("lifetime", "Expires after", lifetimes, &usual)
            .hint("A key without an end is as dangerous in ten years as today."),
        owner: Field::new("owner", "Owner")
            .hint("The sign-in address of whoever answers for the key; you, if left empty."),
        networks: Field::new("networks", "Addresses from which it works")
            .hint("One on each line, such as 192.0.2.7 or 198.51.100.0/24. From anywhere, if left empty."),
        scopes_error: None,
        scopes: scopes(permit, store),
    })
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
        let fields = [
            self.name.named(),
            self.tag.named(),
            self.environment.named(),
            self.lifetime.named(),
            self.owner.named(),
            self.networks.named(),
            ("scopes", "Scopes"),
        ];
        Self {
            name: self.name.again(typed, &problems),
            tag: self.tag.again(typed, &problems),
            environment: self.environment.again(typed, &problems),
            lifetime: self.lifetime.again(typed, &problems),
            owner: self.owner.again(typed, &problems),
            networks: self.networks.again(typed, &problems),
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
