//! Removing a user's second factors, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::ResetFactors};
use bailiwick_ops::factor_reset;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ResetFactors>,
    confirmation: Confirmation<ResetFactors>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(factor_reset::reset(&store, &permit, id, confirmation.answer()).await?)
}
