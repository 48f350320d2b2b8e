//! What a user has, as one row of a query says it.

use bailiwick_domain::{
    catalogue::Catalogue,
    permission::{PermissionSet, Portions},
    role::RoleName,
};
use sqlx::FromRow;

use crate::{Error, Result};

/// What gives permissions to a user at this moment, as a query aggregates it: names stand between spaces, and neither they nor roles
/// contain a comma.
#[derive(FromRow)]
pub(crate) struct Has {
    /// What their own role gives, where it is a custom one.
    role_permissions: Option<String>,
    /// The roles of their teams, with commas between them, each with what it gives where it is a custom one.
    team_roles: Option<String>,
    /// Their grants and denials that have not ended, with commas between them: effect and permission.
    grants: Option<String>,
}

impl Has {
    /// What a user with this role of their own may do: the permissions of what [`held`](super::held) says of them.
    pub(crate) fn permissions(&self, catalogue: &Catalogue, own: RoleName) -> Result<PermissionSet> {
        Ok(self.portions(catalogue, own)?.permissions())
    }

    /// The same by kind of source.
    pub(crate) fn portions(&self, catalogue: &Catalogue, own: RoleName) -> Result<Portions> {
        let mut portions = Portions {
            role: own,
            own: role(catalogue, own, self.role_permissions.as_deref().unwrap_or_default()),
            teams: Vec::new(),
            grants: PermissionSet::empty(),
            denials: PermissionSet::empty(),
        };
        for one in listed(self.team_roles.as_deref()) {
            let (name, permissions) = one.split_once(' ').unwrap_or((one, ""));
            let name = team_role(name)?;
            portions.teams.push((name, role(catalogue, name, permissions)));
        }
        for one in listed(self.grants.as_deref()) {
            match one.split_once(' ') {
                Some(("grant", name)) => portions.grants = portions.grants.union(named(catalogue, name)),
                Some(("deny", name)) => portions.denials = portions.denials.union(named(catalogue, name)),
                _ => return Err(Error::Corrupt("user_grant.effect".into())),
            }
        }
        // Whatever is stored, nobody holds a platform permission outside the platform's own tenant.
        Ok(if own.platform() { portions } else { portions.without(catalogue.platform_permissions()) })
    }
}

fn listed(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').filter(|one| !one.is_empty())
}

/// The name of a team's role as it is stored.
pub(super) fn team_role(name: &str) -> Result<RoleName> {
    name.parse().map_err(|_| Error::Corrupt("team_role.role".into()))
}

/// What a role gives: a built-in one what the catalogue says, a custom one what is stored.
pub(super) fn role(catalogue: &Catalogue, role: RoleName, permissions: &str) -> PermissionSet {
    match role {
        RoleName::BuiltIn(role) => catalogue.role_set(role),
        RoleName::Custom(_) => named(catalogue, permissions),
    }
}

/// The set of stored names, with spaces between them.
pub(crate) fn named(catalogue: &Catalogue, names: &str) -> PermissionSet {
    names.split_whitespace().filter_map(|name| catalogue.find(name)).collect()
}
