//! The certificate of an erasure, as the text that anybody checks with the log's public key.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::SubjectRequestId, rule::ReadSubjects};
use bailiwick_ops::audit::erasure;
use bailiwick_store::Store;

use crate::{access::Access, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSubjects>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
) -> Result<Response> {
    let text = erasure::certificate(&store, &permit, id).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, text).into_response())
}
