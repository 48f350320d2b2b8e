//! Changing another user's name.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::UpdateUser};
use bailiwick_ops::profile;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewName {
    name: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    Json(new): Json<NewName>,
) -> Result<StatusCode> {
    profile::rename(&store, &permit, id, &new.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
