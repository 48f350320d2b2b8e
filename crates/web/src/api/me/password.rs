//! Changing one's own password, or setting a first one, for a person's session: a key has none.
//!
//! The answer hands out the session under its new id. What follows from a browser's cookie, such as `X-CSRF-Token`, follows from
//! the new one from then on.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::passwords::{self, NewPassword};
use serde::Deserialize;

use crate::{access::Access, api::opened, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    current: String,
    new: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    Json(body): Json<Body>,
) -> Result<Response> {
    let passwords = NewPassword { current: body.current, new: body.new };
    let session = passwords::change(&state.store, &state.hasher, &permit, passwords).await?;
    opened::whole(&state.store, &permit, &session)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct First {
    new: String,
}

pub(in crate::api) async fn set_first(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    Json(body): Json<First>,
) -> Result<Response> {
    let session = passwords::set_first(&state.store, &state.hasher, &permit, body.new).await?;
    opened::whole(&state.store, &permit, &session)
}
