//! Proving an authenticator by one of its codes.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Proof {
    code: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
    Json(proof): Json<Proof>,
) -> Result<StatusCode> {
    factors::totp_verify(&store, &permit, id, &proof.code).await?;
    Ok(StatusCode::NO_CONTENT)
}
