//! Taking a staged version back.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SecretId, rule::WriteSecrets};
use bailiwick_ops::secrets;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<WriteSecrets>,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
    _: NoBody,
) -> Result<StatusCode> {
    secrets::discard(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
