//! Calling a destruction off.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::KeyDestructionId, rule::CancelKeyDestruction};
use bailiwick_ops::keys;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<CancelKeyDestruction>,
    State(store): State<Store>,
    Id(id): Id<KeyDestructionId>,
    _: NoBody,
) -> Result<StatusCode> {
    keys::cancel(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
