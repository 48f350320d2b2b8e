//! Removing an authenticator of one's own.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::factors;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
    _: NoBody,
) -> Result<StatusCode> {
    factors::remove(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
