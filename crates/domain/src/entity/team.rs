use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{
    ids::{TeamId, TeamMemberId, UserId},
    role::RoleName,
    time::Timestamp,
};

/// People who hold roles together, beside the role that each has alone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Team {
    /// The team's id.
    pub id: TeamId,
    /// The name as people read it, unique in the tenant.
    pub name: String,
    /// What the team is there for; may be empty.
    pub description: String,
    /// The roles that every member holds through it, by name; never an owner's.
    pub roles: Vec<RoleName>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Entity for Team {
    const KIND: &'static str = "team";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}

/// A person's membership of a team.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TeamMember {
    /// The membership's id.
    pub id: TeamMemberId,
    /// Of which team.
    pub team: TeamId,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub created_at: Timestamp,
}

impl Entity for TeamMember {
    const KIND: &'static str = "team_member";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
    fn subject(&self) -> Uuid {
        self.user.uuid()
    }
}
