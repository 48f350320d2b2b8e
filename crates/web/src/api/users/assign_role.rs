//! Giving a user another role.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::AssignRole};
use bailiwick_ops::users;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewRole {
    role: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<AssignRole>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    Json(new): Json<NewRole>,
) -> Result<StatusCode> {
    users::assign_role(&store, &permit, id, &new.role).await?;
    Ok(StatusCode::NO_CONTENT)
}
