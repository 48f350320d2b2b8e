//! Roles.

pub(super) mod change;
pub(super) mod create;
pub(super) mod list;
pub(super) mod remove;
pub(super) mod show;

use bailiwick_domain::{
    entity::CustomRole,
    role::{Role, RoleName},
};
use bailiwick_store::Store;
use serde::Serialize;

/// A role as the API shows it.
#[derive(Serialize)]
pub(super) struct RoleBody {
    name: RoleName,
    title: String,
    description: String,
    /// Whether the organisation made it; then it can be changed.
    custom: bool,
    permissions: Vec<String>,
}

impl RoleBody {
    fn built_in(store: &Store, role: Role) -> Self {
        let catalogue = store.catalogue();
        Self {
            name: role.into(),
            title: role.title().to_owned(),
            description: role.description().to_owned(),
            custom: false,
            permissions: catalogue.names(catalogue.role_set(role)).into_iter().map(str::to_owned).collect(),
        }
    }
}

impl From<CustomRole> for RoleBody {
    fn from(role: CustomRole) -> Self {
        Self {
            name: role.name.into(),
            title: role.label,
            description: role.description,
            custom: true,
            permissions: role.permissions,
        }
    }
}
