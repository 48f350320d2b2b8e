//! Putting the staged version into use, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SecretId, rule::RotateSecret};
use bailiwick_ops::secrets;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
    forms::Id,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<RotateSecret>,
    confirmation: Confirmation<RotateSecret>,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(secrets::rotate(&store, &permit, id, confirmation.answer()).await?)
}
