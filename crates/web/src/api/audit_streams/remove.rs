//! Removing a stream.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<StatusCode> {
    stream::remove(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
