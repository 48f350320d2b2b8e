//! A narrower copy of a built-in role, to which its people move.

use axum::extract::State;
use bailiwick_domain::{role::RoleName, rule::CreateRole};
use bailiwick_ops::unused::{self, NewCopy};
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use super::measured;
use crate::{
    access::Access,
    api::Created,
    error::{Error, Result},
    forms::{Id, Json},
    shell::Visit,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Copy {
    label: String,
    permissions: Vec<String>,
    reason: String,
}

#[derive(Serialize)]
pub(in crate::api) struct CopiedBody {
    role: RoleName,
    label: String,
    permissions: Vec<String>,
    people_moved: usize,
    teams_moved: usize,
    /// Whether the caller holds the role themselves, and keeps it.
    own_role_kept: bool,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<CreateRole>,
    State(store): State<Store>,
    visit: Visit,
    Id(role): Id<RoleName>,
    Json(copy): Json<Copy>,
) -> Result<Created<CopiedBody>> {
    let built_in = role.built_in().ok_or(Error::NotFound)?;
    let new = NewCopy { label: copy.label, permissions: copy.permissions, reason: copy.reason };
    let copied = unused::copy_without(&store, &permit, built_in, new, measured(&visit)).await?;
    let body = CopiedBody {
        role: copied.role.name.into(),
        label: copied.role.label,
        permissions: copied.role.permissions,
        people_moved: copied.moved,
        teams_moved: copied.teams,
        own_role_kept: copied.kept,
    };
    Ok(Created { location: format!("/v1/access/unused/roles/{}", copied.role.name), body })
}
