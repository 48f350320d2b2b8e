//! What roles and teams are called, or were at a past moment.

use std::collections::HashMap;

use bailiwick_domain::{
    ids::TeamId,
    past::Setting,
    permission::Source,
    role::{CustomName, RoleName},
};
use bailiwick_store::{Scope, roles, teams};

use crate::Result;

/// What roles and teams are or were called.
#[derive(Clone, Debug, Default)]
pub struct Names {
    roles: HashMap<CustomName, String>,
    teams: HashMap<TeamId, String>,
    /// As they were, for a past moment.
    past: Option<Setting>,
}

impl Names {
    /// Of this moment.
    pub(super) async fn now(scope: &mut impl Scope) -> Result<Self> {
        let teams = teams::list(scope).await?.into_iter().map(|listed| (listed.team.id, listed.team.name));
        Ok(Self { teams: teams.collect(), roles: roles::labels(scope).await?, past: None })
    }

    /// Of the moment of `setting`.
    pub(super) fn then(setting: Setting) -> Self {
        Self { past: Some(setting), ..Self::default() }
    }

    /// A role as people read it.
    pub fn role(&self, role: RoleName) -> String {
        let Some(custom) = role.custom() else { return role.title().to_owned() };
        let then = self.past.as_ref().and_then(|setting| setting.label(custom));
        let label = then.or_else(|| self.roles.get(&custom).map(String::as_str));
        label.unwrap_or_else(|| role.title()).to_owned()
    }

    /// A team as people read it.
    pub fn team(&self, team: TeamId) -> String {
        let then = self.past.as_ref().and_then(|setting| setting.team(team));
        let name = then.or_else(|| self.teams.get(&team).map(String::as_str));
        name.map_or_else(|| format!("Team {team}"), str::to_owned)
    }

    /// Through what somebody has a permission, in words.
    pub fn source(&self, source: Source) -> String {
        match source {
            Source::Role(role) => format!("Role {}", self.role(role)),
            Source::Team { team, role } => format!("Team {}: role {}", self.team(team), self.role(role)),
            Source::Grant(_) => "Granted to them alone".to_owned(),
        }
    }
}
