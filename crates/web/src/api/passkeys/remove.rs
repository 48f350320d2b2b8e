//! Removing a passkey.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys;
use bailiwick_store::Store;

use crate::{access::Access, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    Id(id): Id<FactorId>,
) -> Result<StatusCode> {
    passkeys::remove(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
