//! Changing a role that the organisation made.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{role::CustomName, rule::UpdateRole};
use bailiwick_ops::roles;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Change {
    label: String,
    description: String,
    permissions: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateRole>,
    State(store): State<Store>,
    Id(name): Id<CustomName>,
    Json(new): Json<Change>,
) -> Result<StatusCode> {
    let new = roles::Change { label: new.label, description: new.description, permissions: new.permissions };
    roles::change(&store, &permit, name, new).await?;
    Ok(StatusCode::NO_CONTENT)
}
