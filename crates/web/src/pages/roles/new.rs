//! The form with which a role is made, empty or as a copy of another one.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{permission::PermissionSet, role::RoleName, rule::CreateRole};
use bailiwick_ops::roles::words;
use bailiwick_store::{Permit, Store, roles};
use serde::Deserialize;

use super::ticks::{self, TickGroup, ticks};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Problem, Query, Typed},
    shell::{Shell, Visit},
};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Copied {
    /// The role that is copied.
    from: Option<RoleName>,
}

#[derive(Template, WebTemplate)]
#[template(path = "roles/new.html")]
pub(super) struct NewRolePage {
    shell: Shell,
    problems: Vec<Problem>,
    label: Field,
    slug: Field,
    description: Field,
    groups: Vec<TickGroup>,
    problem: Option<String>,
}

pub(super) async fn new(
    Access(permit): Access<CreateRole>,
    visit: Visit,
    State(store): State<Store>,
    Query(copied): Query<Copied>,
) -> Result<NewRolePage> {
    let mut page = page(&permit, &visit, &store, PermissionSet::empty());
    if let Some(role) = copied.from {
        let mut view = store.read(&permit).await?;
        let holds = roles::set_of(&mut view, role).await?.ok_or(Error::NotFound)?;
        // What the copier lacks is left out, and shown as out of reach.
        let mine = holds.intersection(*permit.permissions());
        let (title, description) = words(&mut view, role).await?;
        page = self::page(&permit, &visit, &store, mine);
        page.label = page.label.value(format!("Copy of {title}"));
        page.description = page.description.value(description);
    }
    Ok(page)
}

/// The form with `holds` ticked.
pub(super) fn page(
    permit: &Permit<CreateRole>,
    visit: &Visit,
    store: &Store,
    holds: PermissionSet,
) -> NewRolePage {
    let catalogue = store.catalogue();
    NewRolePage {
        shell: Shell::new(permit, visit, "New role").under("Roles and permissions", "/roles"),
        problems: Vec::new(),
        label: Field::new("label", "Name").hint("What people read, for example “Night auditor”."),
        slug: Field::new("slug", "Short name")
            .hint("Lower-case letters, digits and hyphens; made from the name if left empty. It stays, and programs use it as custom-…"),
        description: description(),
        groups: ticks(catalogue, catalogue.tenant_permissions(), holds, *permit.permissions()),
        problem: None,
    }
}

pub(super) fn description() -> Field {
    Field::new("description", "Description").hint("What its holders are there for.")
}

impl NewRolePage {
    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self {
            label: self.label.again(typed, &problems),
            slug: self.slug.again(typed, &problems),
            description: self.description.again(typed, &problems),
            groups: ticks::again(self.groups, typed),
            problem: ticks::problem(&problems),
            problems,
            ..self
        }
    }
}
