//! Erasing everything that is kept of a person, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SubjectRequestId, rule::EraseSubject};
use bailiwick_ops::audit::erasure;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<EraseSubject>,
    confirmation: Confirmation<EraseSubject>,
    State(store): State<Store>,
    Id(id): Id<SubjectRequestId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(erasure::erase(&store, &permit, id, confirmation.answer()).await?)
}
