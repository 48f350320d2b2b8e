//! Rotating the key, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::RotateKey;
use bailiwick_ops::keys;
use bailiwick_store::Store;

use crate::{
    access::{Access, Confirmation},
    api::{NoBody, step_up},
    error::Result,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<RotateKey>,
    confirmation: Confirmation<RotateKey>,
    State(store): State<Store>,
    _: NoBody,
) -> Result<StatusCode> {
    step_up::answer(keys::rotate(&store, &permit, confirmation.answer()).await?)
}
