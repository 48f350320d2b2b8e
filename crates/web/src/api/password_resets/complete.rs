//! Setting the new password, which signs the person in as far as the password would have.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::passwords::reset;
use serde::Deserialize;

use crate::{
    access::Access,
    api::opened,
    error::Result,
    forms::Json,
    pages::reset::{Link, forgotten, refused},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Chosen {
    /// From the link in the letter, what stands behind `/reset/`.
    token: String,
    password: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(chosen): Json<Chosen>,
) -> Result<Response> {
    let (token, _) = forgotten(&state.store, &permit, Link::of(&chosen.token)).await?;
    let step = reset::complete(&state.store, &state.hasher, &permit, &token, chosen.password).await;
    opened::so_far(&state.store, &permit, &step.map_err(refused)?)
}
