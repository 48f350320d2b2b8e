//! Every role with how much of it its holders use.

use axum::extract::State;
use bailiwick_domain::{role::RoleName, rule::ReadRoles, time::Timestamp};
use bailiwick_ops::unused;
use bailiwick_store::Store;
use serde::Serialize;

use super::measured;
use crate::{access::Access, error::Result, forms::Json, shell::Visit};

#[derive(Serialize)]
pub(in crate::api) struct RolesBody {
    recording_since: Option<Timestamp>,
    items: Vec<RoleBody>,
}

#[derive(Serialize)]
struct RoleBody {
    role: RoleName,
    label: String,
    people: i64,
    teams: i64,
    permissions: usize,
    unused: usize,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<Json<RolesBody>> {
    let (found, recording_since) = unused::roles(&store, &permit, measured(&visit)).await?;
    let body = |found: unused::RoleUse| RoleBody {
        role: found.role,
        label: found.label,
        people: found.holders.users,
        teams: found.holders.teams,
        permissions: found.held,
        unused: found.unused,
    };
    Ok(Json(RolesBody { recording_since, items: found.into_iter().map(body).collect() }))
}
