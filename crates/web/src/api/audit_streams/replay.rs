//! Sending again from a record.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Replay {
    /// The index of the first record.
    index: i64,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    Json(replay): Json<Replay>,
) -> Result<StatusCode> {
    stream::replay(&store, &permit, id, replay.index).await?;
    Ok(StatusCode::NO_CONTENT)
}
