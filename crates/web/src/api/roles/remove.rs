//! Removing a role; `?replacement=` names what its holders get instead.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{role::CustomName, rule::DeleteRole};
use bailiwick_ops::roles;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    api::NoBody,
    error::Result,
    forms::{Id, Query},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Replacement {
    replacement: Option<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<DeleteRole>,
    State(store): State<Store>,
    Id(name): Id<CustomName>,
    Query(other): Query<Replacement>,
    _: NoBody,
) -> Result<StatusCode> {
    roles::delete(&store, &permit, name, other.replacement.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
