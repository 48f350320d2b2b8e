//! Giving a passkey another name.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Name {
    name: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
    Json(new): Json<Name>,
) -> Result<StatusCode> {
    passkeys::rename(&store, &permit, id, &new.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
