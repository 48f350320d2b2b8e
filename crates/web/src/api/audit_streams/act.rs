//! Pausing, resuming and testing a stream.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn pause(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<StatusCode> {
    stream::pause(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn resume(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<StatusCode> {
    stream::resume(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::api) async fn try_out(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<StatusCode> {
    stream::try_out(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
