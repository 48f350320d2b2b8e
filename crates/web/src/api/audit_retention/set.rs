//! Setting how long records of a class are kept, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::ChangeRetention;
use bailiwick_ops::audit::retention;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::Json,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    class: String,
    /// Nothing keeps the class for good.
    days: Option<i64>,
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeRetention>,
    confirmation: Confirmation<ChangeRetention>,
    State(store): State<Store>,
    Json(body): Json<Body>,
) -> Result<StatusCode> {
    let answer = confirmation.answer();
    step_up::answer(retention::set(&store, &permit, &body.class, body.days, &body.reason, answer).await?)
}
