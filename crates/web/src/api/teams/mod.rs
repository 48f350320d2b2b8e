//! Teams.

pub(super) mod add_member;
pub(super) mod change;
pub(super) mod create;
pub(super) mod dissolve;
pub(super) mod give_role;
pub(super) mod list;
pub(super) mod members;
pub(super) mod remove_member;
pub(super) mod show;
pub(super) mod take_role;

use bailiwick_domain::{entity::Team, ids::TeamId, role::RoleName, time::Timestamp};
use serde::{Deserialize, Serialize};

/// A team as the API shows it.
#[derive(Serialize)]
pub(super) struct TeamBody {
    id: TeamId,
    name: String,
    description: String,
    roles: Vec<RoleName>,
    created_at: Timestamp,
}

impl From<Team> for TeamBody {
    fn from(team: Team) -> Self {
        Self {
            id: team.id,
            name: team.name,
            description: team.description,
            roles: team.roles,
            created_at: team.created_at,
        }
    }
}

/// What a team is to be called.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    name: String,
    #[serde(default)]
    description: String,
}

impl From<Named> for bailiwick_ops::teams::NewTeam {
    fn from(named: Named) -> Self {
        Self { name: named.name, description: named.description }
    }
}
