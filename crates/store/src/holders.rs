//! Who may hold a permission at this moment: candidates by role, team, grant and denial, each by an index of its own.

use std::collections::BTreeSet;

use bailiwick_domain::{
    ids::{TeamId, UserId},
    permission::Permission,
    role::{Role, RoleName},
};
use uuid::Uuid;

use crate::{Result, lock::rows, roles, teams, tx::Scope};

/// Through what somebody has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Their own role.
    Role,
    /// A role of a team of theirs.
    Team,
    /// A grant to them alone.
    Grant,
}

impl Via {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Role, Self::Team, Self::Grant];

    /// The name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Team => "team",
            Self::Grant => "grant",
        }
    }
}

/// Where the people are that may hold a permission: the roles that give it, and the teams with one of these roles.
#[derive(Clone, Debug)]
pub struct Sources {
    roles: Vec<RoleName>,
    teams: Vec<TeamId>,
    permission: String,
    via: Option<Via>,
}

/// Finds out where to look for people who hold `permission`. There are fifty custom roles and a hundred teams at most.
pub async fn sources(scope: &mut impl Scope, permission: Permission, via: Option<Via>) -> Result<Sources> {
    let catalogue = std::sync::Arc::clone(&scope.shared().catalogue);
    let built_in = Role::ALL.into_iter().filter(|role| catalogue.role_set(*role).contains(permission));
    let mut found: Vec<RoleName> = built_in.map(RoleName::BuiltIn).collect();
    let name = catalogue.name(permission).to_owned();
    for role in roles::list(scope).await? {
        if role.permissions.contains(&name) {
            found.push(RoleName::Custom(role.name));
        }
    }
    let mut with_role = BTreeSet::new();
    if via.is_none_or(|via| via == Via::Team) {
        for role in &found {
            with_role.extend(teams::with_role(scope, *role).await?);
        }
    }
    Ok(Sources { roles: found, teams: with_role.into_iter().collect(), permission: name, via })
}

/// The next people who may hold it, in the order of their ids, which is that in which they joined: nobody who holds it is left out;
/// whether each really does is to be looked at.
pub async fn candidates(
    scope: &mut impl Scope,
    sources: &Sources,
    after: Option<UserId>,
    most: usize,
) -> Result<Vec<UserId>> {
    let (tenant, limit) = (scope.tenant(), i64::try_from(most).unwrap_or(i64::MAX));
    let after = after.map_or(Uuid::nil(), UserId::uuid);
    let wanted = |via| sources.via.is_none_or(|only| only == via);
    // Each part begins behind the same person and holds its first `most`: so the first `most` of all are among them.
    let mut found: BTreeSet<Uuid> = BTreeSet::new();
    if wanted(Via::Role) {
        for role in &sources.roles {
            for status in ["active", "disabled"] {
                let part: Vec<(Uuid,)> = rows!(
                    scope,
                    "SELECT id FROM users WHERE tenant = $1 AND role = $2 AND status = $3 AND id > $4 ORDER BY id LIMIT $5",
                    tenant.uuid(),
                    role.name(),
                    status,
                    after,
                    limit
                )?;
                found.extend(part.into_iter().map(|(id,)| id));
            }
        }
    }
    if wanted(Via::Team) {
        for team in &sources.teams {
            let part: Vec<(Uuid,)> = rows!(
                scope,
                "SELECT user_id FROM team_member WHERE tenant = $1 AND team = $2 AND user_id > $3 ORDER BY user_id LIMIT $4",
                tenant.uuid(),
                team.uuid(),
                after,
                limit
            )?;
            found.extend(part.into_iter().map(|(id,)| id));
        }
    }
    if wanted(Via::Grant) {
        let part: Vec<(Uuid,)> = rows!(
            scope,
            "SELECT user_id FROM user_grant WHERE tenant = $1 AND permission = $2 AND user_id > $3 ORDER BY user_id LIMIT $4",
            tenant.uuid(),
            sources.permission.as_str(),
            after,
            limit
        )?;
        found.extend(part.into_iter().map(|(id,)| id));
    }
    Ok(found.into_iter().take(most).map(UserId::from).collect())
}
