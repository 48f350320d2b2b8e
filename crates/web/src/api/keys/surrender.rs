//! Revoking a key that has leaked, by whoever holds it.

use axum::extract::State;
use bailiwick_domain::{rule::SurrenderKey, time::Timestamp};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};

use crate::{access::Access, api::api_keys::ReceiptBody, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Leaked {
    key: String,
}

#[derive(Serialize)]
pub(in crate::api) struct Surrendered {
    prefix: String,
    revoked_at: Option<Timestamp>,
    receipt: ReceiptBody,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SurrenderKey>,
    State(store): State<Store>,
    Json(leaked): Json<Leaked>,
) -> Result<Json<Surrendered>> {
    let (key, receipt) = api_keys::surrender(&store, &permit, &leaked.key).await?;
    Ok(Json(Surrendered { prefix: key.prefix, revoked_at: key.revoked_at, receipt: receipt.into() }))
}
