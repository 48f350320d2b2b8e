//! Deleting a user for good, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::DeleteUser};
use bailiwick_ops::deletion;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<DeleteUser>,
    confirmation: Confirmation<DeleteUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(deletion::delete(&store, &permit, id, confirmation.answer()).await?)
}
