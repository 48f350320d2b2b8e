//! What a person may do, and through what.

use super::{Permission, PermissionSet, effective};
use crate::{
    ids::{GrantId, TeamId},
    role::RoleName,
};

/// Through what a person has permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Their own role.
    Role(RoleName),
    /// A role of a team that they are a member of.
    Team {
        /// The team.
        team: TeamId,
        /// Its role.
        role: RoleName,
    },
    /// A grant of one permission to them.
    Grant(GrantId),
}

/// Permissions from one source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given {
    /// Through what.
    pub source: Source,
    /// What.
    pub permissions: PermissionSet,
}

/// What a person has from each source at one moment, and what is denied to them. Grants and denials that have ended are not in it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// What each source gives, their own role first.
    pub given: Vec<Given>,
    /// What is denied, each by one record.
    pub denied: Vec<(GrantId, PermissionSet)>,
}

impl Held {
    /// Everything the person may really do: the union of all sources less the denials, see [`effective`].
    pub fn permissions(&self) -> PermissionSet {
        effective(self.roles(), self.grants(), self.denials())
    }

    /// What their own role and their teams' roles give.
    pub fn roles(&self) -> PermissionSet {
        let roles = self.given.iter().filter(|given| !matches!(given.source, Source::Grant(_)));
        roles.fold(PermissionSet::empty(), |all, given| all.union(given.permissions))
    }

    /// What single grants give.
    pub fn grants(&self) -> PermissionSet {
        let grants = self.given.iter().filter(|given| matches!(given.source, Source::Grant(_)));
        grants.fold(PermissionSet::empty(), |all, given| all.union(given.permissions))
    }

    /// What is denied.
    pub fn denials(&self) -> PermissionSet {
        self.denied.iter().fold(PermissionSet::empty(), |all, (_, denied)| all.union(*denied))
    }

    /// Every source that gives this permission, whether or not it is also denied.
    pub fn sources_of(&self, permission: Permission) -> impl Iterator<Item = Source> {
        self.given
            .iter()
            .filter(move |given| given.permissions.contains(permission))
            .map(|given| given.source)
    }

    /// The record that denies this permission, if one does.
    pub fn denied_by(&self, permission: Permission) -> Option<GrantId> {
        self.denied.iter().find(|(_, denied)| denied.contains(permission)).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Role;

    #[test]
    fn a_denial_wins_over_role_team_and_grant() {
        let (team, grant, denial) =
            (TeamId::from_bytes([1; 16]), GrantId::from_bytes([2; 16]), GrantId::from_bytes([3; 16]));
        let (read, update) = (Permission::USER_READ, Permission::USER_UPDATE);
        let both = PermissionSet::of(&[read, update]);
        let role = RoleName::BuiltIn(Role::Auditor);
        let mut held = Held {
            given: vec![
                Given { source: Source::Role(role), permissions: PermissionSet::of(&[read]) },
                Given { source: Source::Team { team, role }, permissions: both },
                Given { source: Source::Grant(grant), permissions: PermissionSet::of(&[update]) },
            ],
            denied: vec![],
        };
        assert_eq!(held.permissions(), both);
        assert_eq!(
            held.sources_of(update).collect::<Vec<_>>(),
            [Source::Team { team, role }, Source::Grant(grant)]
        );
        assert_eq!(held.denied_by(update), None);
        held.denied.push((denial, PermissionSet::of(&[update])));
        assert_eq!(held.permissions(), PermissionSet::of(&[read]));
        assert_eq!(held.denied_by(update), Some(denial));
        assert_eq!(held.sources_of(update).count(), 2, "who gave it is still known");
    }
}
