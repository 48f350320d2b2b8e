//! Naming a number: a code goes there, and another one to the person's address.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::phones;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Named {
    /// With its country, such as `+61491570156`.
    number: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Json(named): Json<Named>,
) -> Result<StatusCode> {
    phones::begin(&store, &permit, &named.number).await?;
    Ok(StatusCode::NO_CONTENT)
}
