//! Leading a stream somewhere else, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;

use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
    placing::Placed,
    state::AppState,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(state): State<AppState>,
    Id(id): Id<StreamId>,
    Json(mut sent): Json<Placed>,
) -> Result<StatusCode> {
    let place = sent.place(state.reach.clone());
    step_up::answer(stream::move_to(&state.store, &permit, id, &place, confirmation.answer()).await?)
}
