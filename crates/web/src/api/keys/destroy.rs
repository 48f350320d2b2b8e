//! Asking for the destruction of a version, which takes a one-time code and then waits.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::DestroyKey;
use bailiwick_ops::keys;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
    key_version::KeyVersion,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<DestroyKey>,
    confirmation: Confirmation<DestroyKey>,
    State(store): State<Store>,
    Id(KeyVersion(version)): Id<KeyVersion>,
    Json(body): Json<Body>,
) -> Result<StatusCode> {
    let answer = confirmation.answer();
    step_up::answer(keys::request(&store, &permit, version, &body.reason, answer).await?)
}
