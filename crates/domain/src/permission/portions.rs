//! What somebody may do, by kind of source, and why one permission is theirs or not.

use super::{Permission, PermissionSet, effective};
use crate::role::RoleName;

/// What gives a person permissions at one moment, as the gate reads it: by kind of source, without the ids of teams and grants. With
/// these it is [`Held`](super::Held).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Portions {
    /// Their own role.
    pub role: RoleName,
    /// What it gives.
    pub own: PermissionSet,
    /// The roles of their teams, each with what it gives.
    pub teams: Vec<(RoleName, PermissionSet)>,
    /// What single grants give.
    pub grants: PermissionSet,
    /// What is denied.
    pub denials: PermissionSet,
}

/// Why a permission is somebody's or is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Their own role gives it.
    Role(RoleName),
    /// A role of a team of theirs gives it.
    Team(RoleName),
    /// It was granted to them alone.
    Grant,
    /// It is a scope of the key, and whoever made the key may do it.
    Scope,
    /// Something would give it, and a denial takes it.
    Denied,
    /// Nothing gives it.
    NotGiven,
    /// It is no scope of the key.
    OutOfScope,
    /// It is a scope of the key, and whoever made the key may not do it.
    MakerLacks,
    /// No permission has this name.
    UnknownPermission,
    /// Whoever is asked about can do nothing at the moment.
    Subject,
}

impl Reason {
    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role(_) => "role",
            Self::Team(_) => "team",
            Self::Grant => "grant",
            Self::Scope => "scope",
            Self::Denied => "denied",
            Self::NotGiven => "not_given",
            Self::OutOfScope => "out_of_scope",
            Self::MakerLacks => "maker_lacks",
            Self::UnknownPermission => "unknown_permission",
            Self::Subject => "subject",
        }
    }

    /// Whether somebody with this reason may do it.
    pub const fn allows(self) -> bool {
        matches!(self, Self::Role(_) | Self::Team(_) | Self::Grant | Self::Scope)
    }

    /// The role that gives it, where one does.
    pub const fn role(self) -> Option<RoleName> {
        match self {
            Self::Role(role) | Self::Team(role) => Some(role),
            _ => None,
        }
    }
}

impl Portions {
    /// Everything the person may really do.
    pub fn permissions(&self) -> PermissionSet {
        let roles = self.teams.iter().fold(self.own, |all, (_, gives)| all.union(*gives));
        effective(roles, self.grants, self.denials)
    }

    /// These without `taken`, whatever gives them.
    #[must_use]
    pub fn without(mut self, taken: PermissionSet) -> Self {
        self.own = self.own.difference(taken);
        for (_, gives) in &mut self.teams {
            *gives = gives.difference(taken);
        }
        self.grants = self.grants.difference(taken);
        self
    }

    /// Why the permission is theirs or not: the first source that gives it, in the order role, team, grant. A denial wins over all.
    pub fn reason(&self, permission: Permission) -> Reason {
        let source = if self.own.contains(permission) {
            Reason::Role(self.role)
        } else if let Some((role, _)) = self.teams.iter().find(|(_, gives)| gives.contains(permission)) {
            Reason::Team(*role)
        } else if self.grants.contains(permission) {
            Reason::Grant
        } else {
            Reason::NotGiven
        };
        if source.allows() && self.denials.contains(permission) { Reason::Denied } else { source }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::role::Role;

    const ROLE: RoleName = RoleName::BuiltIn(Role::Auditor);
    const OF_TEAM: RoleName = RoleName::BuiltIn(Role::Developer);
    const ASKED: [Permission; 4] =
        [Permission::USER_READ, Permission::ROLE_READ, Permission::TEAM_READ, Permission::AUDIT_READ];

    fn set(bits: u8) -> PermissionSet {
        let chosen = ASKED.into_iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
        chosen.fold(PermissionSet::empty(), |all, (_, permission)| all.with(permission))
    }

    #[test]
    fn the_nearest_source_is_named_and_a_denial_wins_over_all() {
        let read = Permission::USER_READ;
        let mut portions = Portions {
            role: ROLE,
            own: set(1),
            teams: vec![(OF_TEAM, set(1))],
            grants: set(1),
            denials: set(0),
        };
        assert_eq!(portions.reason(read), Reason::Role(ROLE));
        portions.own = set(0);
        assert_eq!(portions.reason(read), Reason::Team(OF_TEAM));
        portions.teams.clear();
        assert_eq!(portions.reason(read), Reason::Grant);
        portions.denials = set(1);
        assert_eq!(portions.reason(read), Reason::Denied);
        portions.grants = set(0);
        assert_eq!(portions.reason(read), Reason::NotGiven, "a denial of what nothing gives is not why");
    }

    proptest! {
        #[test]
        fn a_reason_allows_exactly_what_the_person_may_do(own in 0_u8..16, team in 0_u8..16, grants in 0_u8..16, denials in 0_u8..16, taken in 0_u8..16) {
            let portions = Portions { role: ROLE, own: set(own), teams: vec![(OF_TEAM, set(team))], grants: set(grants), denials: set(denials) };
            let left = portions.clone().without(set(taken));
            prop_assert_eq!(left.permissions(), portions.permissions().difference(set(taken)));
            for permission in ASKED {
                prop_assert_eq!(left.reason(permission).allows(), left.permissions().contains(permission));
            }
        }
    }
}
