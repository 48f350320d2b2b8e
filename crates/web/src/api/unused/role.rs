//! What the holders of one role use of it.

use axum::extract::State;
use bailiwick_domain::{role::RoleName, rule::ReadRoles, time::Timestamp};
use bailiwick_ops::unused;
use bailiwick_store::Store;
use serde::Serialize;

use super::{LineBody, measured};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    shell::Visit,
};

#[derive(Serialize)]
pub(in crate::api) struct RoleBody {
    role: RoleName,
    label: String,
    people: i64,
    teams: i64,
    recording_since: Option<Timestamp>,
    permissions: Vec<LineBody>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRoles>,
    State(store): State<Store>,
    visit: Visit,
    Id(role): Id<RoleName>,
) -> Result<Json<RoleBody>> {
    let found = unused::of_role(&store, &permit, role, measured(&visit)).await?;
    Ok(Json(RoleBody {
        role,
        label: found.label,
        people: found.holders.users,
        teams: found.holders.teams,
        recording_since: found.recording,
        permissions: found.lines.iter().map(|line| LineBody::of(store.catalogue(), line)).collect(),
    }))
}
