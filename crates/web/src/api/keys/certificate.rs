//! The certificate of a destruction, as the text that anybody checks with the log's public key.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::KeyDestructionId, rule::ReadKeys};
use bailiwick_ops::keys;
use bailiwick_store::Store;

use crate::{access::Access, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadKeys>,
    State(store): State<Store>,
    Id(id): Id<KeyDestructionId>,
) -> Result<Response> {
    let text = keys::certificate(&store, &permit, id).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}
