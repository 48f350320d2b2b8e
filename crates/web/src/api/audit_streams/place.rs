//! Leading a stream somewhere else, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream::{self, NewPlace};

use super::PlaceBody;
use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
    state::AppState,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(state): State<AppState>,
    Id(id): Id<StreamId>,
    Json(place): Json<PlaceBody>,
) -> Result<StatusCode> {
    let place = NewPlace { reach: state.reach.clone(), ..place.into() };
    step_up::answer(stream::move_to(&state.store, &permit, id, &place, confirmation.answer()).await?)
}
