use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Entity;
use crate::{ids::CustomRoleId, role::CustomName, time::Timestamp};

/// A role that a tenant made beside the built-in ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CustomRole {
    /// The role's id.
    pub id: CustomRoleId,
    /// What users, invitations and teams name it by; never changes.
    pub name: CustomName,
    /// The name as people read it, unique in the tenant.
    pub label: String,
    /// What its holders are there for; may be empty.
    pub description: String,
    /// The permissions' names, in the order of the catalogue.
    pub permissions: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Entity for CustomRole {
    const KIND: &'static str = "role";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
