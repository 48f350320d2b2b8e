//! Revoking an API key: it is refused on every server from the moment of the answer, which carries the receipt of the record.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::RevokeApiKey, time::Timestamp};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;
use serde::Serialize;

use super::ReceiptBody;
use crate::{
    access::Access,
    api::NoBody,
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct Revoked {
    revoked_at: Option<Timestamp>,
    receipt: ReceiptBody,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<RevokeApiKey>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
    _: NoBody,
) -> Result<Json<Revoked>> {
    let (key, receipt) = api_keys::revoke(&store, &permit, id).await?;
    Ok(Json(Revoked { revoked_at: key.revoked_at, receipt: receipt.into() }))
}
