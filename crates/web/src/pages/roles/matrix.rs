//! Every permission against every role, as the running program checks them.

use askama::Template;
use askama_web::WebTemplate;
use axum::extract::State;
use bailiwick_domain::{
    entity::TenantKind,
    permission::{Definition, Origin, Permission, PermissionSet},
    role::{Role, RoleName},
    rule::ReadRoles,
};
use bailiwick_ops::roles::set;
use bailiwick_store::{Store, roles, users};

use crate::{
    access::Access,
    error::Result,
    shell::{Shell, Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "roles/matrix.html")]
pub(super) struct RolesPage {
    shell: Shell,
    may_create: bool,
    permissions: usize,
    roles: Vec<RoleHead>,
    groups: Vec<MatrixGroup>,
}

struct RoleHead {
    name: String,
    href: String,
    holds: u32,
    people: String,
}

struct MatrixGroup {
    name: String,
    rows: Vec<MatrixRow>,
}

struct MatrixRow {
    name: String,
    description: String,
    /// One for each role, in order.
    held: Vec<bool>,
}

pub(super) async fn matrix(
    Access(permit): Access<ReadRoles>,
    visit: Visit,
    State(store): State<Store>,
) -> Result<RolesPage> {
    let mut view = store.read(&permit).await?;
    let people = users::by_role(&mut view).await?;
    let custom = roles::list(&mut view).await?;
    drop(view);
    let platform = permit.caller().is_some_and(|caller| caller.tenant.kind == TenantKind::Platform);
    let catalogue = store.catalogue();
    let built_in = Role::ALL.into_iter().filter(|role| role.platform() == platform);
    let built_in =
        built_in.map(|role| (RoleName::from(role), role.title().to_owned(), catalogue.role_set(role)));
    let mut roles: Vec<_> = built_in.collect();
    roles.extend(custom.into_iter().map(|role| (role.name.into(), role.label.clone(), set(&store, &role))));
    // A customer's people can hold nothing of the platform's, so they need not read about it.
    let shown = |definition: &Definition| platform || !definition.platform;
    let mut groups = Vec::new();
    for (name, members) in catalogue.groups() {
        let rows: Vec<_> = members
            .into_iter()
            .filter(|(_, definition)| shown(definition))
            .map(|(permission, definition)| MatrixRow {
                name: definition.name.to_string(),
                description: described(definition),
                held: roles.iter().map(|(.., set)| set.contains(permission)).collect(),
            })
            .collect();
        if !rows.is_empty() {
            groups.push(MatrixGroup { name: name.to_owned(), rows });
        }
    }
    let head = |(role, title, set): &(RoleName, String, PermissionSet)| RoleHead {
        name: title.clone(),
        href: format!("/roles/{role}"),
        holds: set.len(),
        people: match people.get(role) {
            None | Some(0) => "nobody".to_owned(),
            Some(1) => "1 person".to_owned(),
            Some(count) => format!("{count} people"),
        },
    };
    Ok(RolesPage {
        shell: Shell::new(&permit, &visit, "Roles and permissions").under("People and access", "/users"),
        permissions: groups.iter().map(|group| group.rows.len()).sum(),
        roles: roles.iter().map(head).collect(),
        may_create: permit.may(Permission::ROLE_CREATE) && !platform,
        groups,
    })
}

/// What a permission allows, and who defined it where that is not Bailiwick itself.
fn described(definition: &Definition) -> String {
    match &definition.origin {
        Origin::BuiltIn => definition.description.to_string(),
        Origin::Pack(pack) => format!("{} From the pack {pack}.", definition.description),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::Browser;

    both_databases! {
        async fn customer_reads_nothing_of_the_platforms_permissions(db: Db) {
            let acme = db.tenant("acme").await;
            acme.user(Role::Auditor).await;
            let page = Browser::of(&acme.owner()).get("/roles").await.page();
            assert!(page.contains("audit:read") && page.contains("Support Coordinator") && !page.contains("tenant:suspend"));
            assert!(page.contains("1 person") && page.contains("nobody"));
            let platform = Browser::of(&db.platform().await.owner()).get("/roles").await.page();
            assert!(platform.contains("tenant:suspend") && platform.contains("Platform Operator"));
        }

        async fn coordinator_may_not_read_roles(db: Db) {
            let acme = db.tenant("acme").await;
            let mut coordinator = Browser::of(&acme.user(Role::SupportCoordinator).await);
            assert_eq!(coordinator.get("/roles").await.status, StatusCode::FORBIDDEN);
        }
    }
}
