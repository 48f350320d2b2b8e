//! What roles and teams were, for all people of a tenant at once.

use std::collections::BTreeMap;

use super::{Broken, Origin, Thing};
use crate::{
    catalogue::Catalogue,
    entity::{CustomRole, Entity, Team},
    ids::TeamId,
    permission::PermissionSet,
    role::{CustomName, RoleName},
};

/// The custom roles and the teams of a tenant at one moment.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    roles: BTreeMap<CustomName, Thing>,
    teams: BTreeMap<TeamId, Thing>,
    /// Whether something of them cannot be known.
    incomplete: bool,
}

impl Setting {
    /// Roles and teams among these things. What is broken is left out, and so is everything else that a record says of it.
    pub fn of(things: Vec<Result<Thing, Broken>>) -> Self {
        let mut setting = Self::default();
        for thing in things {
            let Ok(thing) = thing else {
                setting.incomplete = true;
                continue;
            };
            if !thing.is_there() {
                continue;
            }
            if thing.kind == CustomRole::KIND {
                match thing.text("name").and_then(|name| name.parse().ok()) {
                    Some(name) => drop(setting.roles.insert(name, thing)),
                    None => setting.incomplete = true,
                }
            } else if thing.kind == Team::KIND {
                setting.teams.insert(TeamId::from(thing.id), thing);
            }
        }
        setting
    }

    /// The same, with the note that not every record about roles and teams was read.
    #[must_use]
    pub const fn cut_short(mut self) -> Self {
        self.incomplete = true;
        self
    }

    /// Whether every record about roles and teams was read and understood.
    pub const fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// What a role held; nothing where it is not known. A built-in role holds what this version of the program gives it: the log
    /// does not say what an earlier one gave.
    pub fn role_set(&self, role: RoleName, catalogue: &Catalogue) -> Option<PermissionSet> {
        match role {
            RoleName::BuiltIn(role) => Some(catalogue.role_set(role)),
            RoleName::Custom(name) => {
                let members = self.roles.get(&name)?.members("permissions");
                Some(members.filter_map(|(name, _)| catalogue.find(name)).collect())
            }
        }
    }

    /// What a custom role was called.
    pub fn label(&self, role: CustomName) -> Option<&str> {
        self.roles.get(&role)?.text("label")
    }

    /// What a team was called.
    pub fn team(&self, team: TeamId) -> Option<&str> {
        self.teams.get(&team)?.text("name")
    }

    /// The roles of a team; nothing for a team that was not there or is not known.
    pub fn team_roles(&self, team: TeamId) -> impl Iterator<Item = RoleName> {
        let members = self.teams.get(&team).into_iter().flat_map(|team| team.members("roles"));
        members.filter_map(|(name, _)| name.parse().ok())
    }

    /// By which record a custom role came to hold a permission.
    pub fn permission_of(&self, role: RoleName, permission: &str) -> Option<&Origin> {
        let thing = self.roles.get(&role.custom()?)?;
        thing.members("permissions").find(|(name, _)| *name == permission).map(|(_, origin)| origin)
    }

    /// By which record a team came to have a role.
    pub fn role_of(&self, team: TeamId, role: RoleName) -> Option<&Origin> {
        let thing = self.teams.get(&team)?;
        thing.members("roles").find(|(name, _)| *name == role.name()).map(|(_, origin)| origin)
    }
}
