//! Revoking an API key: it is refused from the moment of the answer.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::ApiKeyId, rule::RevokeApiKey};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<RevokeApiKey>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
    _: NoBody,
) -> Result<StatusCode> {
    api_keys::revoke(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
