//! Every role that somebody holds, with how much of it they use.

use bailiwick_domain::{
    entity::TenantKind,
    permission::PermissionSet,
    role::{Role, RoleName},
    rule::Rule,
    time::Timestamp,
};
use bailiwick_store::{Permit, Scope, Store, audit, permission_use, roles, tenants};

use super::{judge::unused, role::lines};
use crate::Result;

/// A role in the list.
#[derive(Clone, Debug)]
pub struct RoleUse {
    /// Which.
    pub role: RoleName,
    /// What people call it.
    pub label: String,
    /// Who holds it.
    pub holders: roles::Holders,
    /// How many permissions it has.
    pub held: usize,
    /// How many of them none of its holders used for ninety days.
    pub unused: usize,
}

/// The roles of the tenant's kind, built-in ones first, and since when uses are recorded. `measured` is what some route of the server
/// asks for. There are fifty custom roles at most.
pub async fn roles<R: Rule>(
    store: &Store,
    permit: &Permit<R>,
    measured: PermissionSet,
) -> Result<(Vec<RoleUse>, Option<Timestamp>)> {
    let mut view = store.read(permit).await?;
    let now = view.now();
    let platform = tenants::find(&mut view).await?.kind == TenantKind::Platform;
    let setting = audit::setting(&mut view, now).await?;
    let built_in = Role::ALL.into_iter().filter(|role| role.platform() == platform);
    let mut all: Vec<(RoleName, String)> =
        built_in.map(|role| (role.into(), role.title().to_owned())).collect();
    for role in roles::list(&mut view).await? {
        all.push((role.name.into(), role.label));
    }
    let mut found = Vec::with_capacity(all.len());
    for (role, label) in all {
        let holders = roles::holders(&mut view, role).await?;
        let lines = lines(store, &mut view, &setting, role, measured).await?;
        found.push(RoleUse { role, label, holders, held: lines.len(), unused: unused(&lines) });
    }
    Ok((found, permission_use::since(&mut view).await?))
}
