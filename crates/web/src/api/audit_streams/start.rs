//! Confirming where a stream leads, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::PlaceStream};
use bailiwick_ops::audit::stream;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<PlaceStream>,
    confirmation: Confirmation<PlaceStream>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(stream::start(&store, &permit, id, confirmation.answer()).await?)
}
