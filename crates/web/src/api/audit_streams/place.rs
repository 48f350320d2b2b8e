//! Leading a stream somewhere else, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;

use super::PlaceBody;
use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    Json(place): Json<PlaceBody>,
) -> Result<StatusCode> {
    let place = place.into();
    step_up::answer(stream::move_to(&store, &permit, id, &place, confirmation.answer()).await?)
}
