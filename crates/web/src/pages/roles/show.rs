//! One role: what it holds, who holds it, and the form to change it where it can be changed.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    permission::Permission,
    role::RoleName,
    rule::{ReadRoles, Rule},
};
use bailiwick_ops::roles::set;
use bailiwick_store::{Permit, Store, roles, tenants};

use super::{
    new::description,
    ticks::{self, TickGroup, ticks},
};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Field, Id, Problem, Typed},
    pages::{audit::history, parts::counted},
    shell::{Shell, Visit},
    when::When,
};

#[derive(Template, WebTemplate)]
#[template(path = "roles/show.html")]
pub(super) struct RolePage {
    shell: Shell,
    problems: Vec<Problem>,
    title: String,
    meaning: String,
    name: RoleName,
    holds: String,
    holders: Vec<(&'static str, String)>,
    made: Option<When>,
    /// Where it is copied; nothing for whoever may make none.
    copy: Option<String>,
    /// Where it is changed; nothing for a built-in one, and for whoever may not.
    action: Option<String>,
    delete: Option<String>,
    history: Option<String>,
    label: Field,
    description: Field,
    groups: Vec<TickGroup>,
    problem: Option<String>,
}

pub(super) async fn show(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
    Id(name): Id<RoleName>,
) -> Result<RolePage> {
    RolePage::read(&store, &permit, &visit, name).await
}

impl RolePage {
    /// The role as it stands.
    pub(super) async fn read<R: Rule>(
        store: &Store,
        permit: &Permit<R>,
        visit: &Visit,
        name: RoleName,
    ) -> Result<Self> {
        let mut view = store.read(permit).await?;
        let platform = tenants::find(&mut view).await?.kind == bailiwick_domain::entity::TenantKind::Platform;
        let catalogue = store.catalogue();
        let custom = match name {
            RoleName::Custom(name) => Some(roles::find(&mut view, name).await?),
            // Of the roles of the other kind of tenant nobody here needs to know.
            RoleName::BuiltIn(role) if role.platform() != platform => return Err(Error::NotFound),
            RoleName::BuiltIn(_) => None,
        };
        let (title, meaning, holds) = match (&custom, name) {
            (Some(role), _) => (role.label.clone(), role.description.clone(), set(store, role)),
            (None, RoleName::BuiltIn(role)) => {
                (role.title().to_owned(), role.description().to_owned(), catalogue.role_set(role))
            }
            (None, RoleName::Custom(_)) => return Err(Error::NotFound),
        };
        let holders = roles::holders(&mut view, name).await?;
        let held = *permit.permissions();
        let within = custom.is_some() && holds.is_subset(held);
        let path = format!("/roles/{name}");
        let may = |permission| permit.may(permission);
        let possible = if platform {
            catalogue.tenant_permissions().union(catalogue.platform_permissions())
        } else {
            catalogue.tenant_permissions()
        };
        let record = custom.as_ref().filter(|_| may(Permission::AUDIT_READ));
        Ok(Self {
            shell: Shell::new(permit, visit, title.clone()).under("Roles and permissions", "/roles"),
            problems: Vec::new(),
            label: Field::new("label", "Name").value(title.clone()),
            description: description().value(meaning.clone()),
            title,
            meaning,
            name,
            holds: counted(i64::from(holds.len()), "permission"),
            holders: vec![
                ("People", holders.users.to_string()),
                ("Teams", holders.teams.to_string()),
                ("Open invitations", holders.invitations.to_string()),
            ],
            made: custom.as_ref().map(|role| When::day(role.created_at)),
            copy: (may(Permission::ROLE_CREATE) && !platform).then(|| format!("/roles/new?from={name}")),
            action: (within && may(Permission::ROLE_UPDATE)).then(|| path.clone()),
            delete: (within && may(Permission::ROLE_DELETE)).then(|| format!("{path}/delete")),
            history: record.map(|role| history("role", role.id)),
            groups: ticks(catalogue, possible, holds, held),
            problem: None,
        })
    }

    /// The form as it was filled in, with what is wrong beside each field.
    pub(super) fn again(self, typed: &Typed, problems: Vec<Problem>) -> Self {
        Self {
            label: self.label.again(typed, &problems),
            description: self.description.again(typed, &problems),
            groups: ticks::again(self.groups, typed),
            problem: ticks::problem(&problems),
            problems,
            ..self
        }
    }
}
