//! Setting the first password, which signs the person in.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::enrolment;
use serde::Deserialize;

use super::link;
use crate::{
    access::Access,
    api::opened,
    error::Result,
    forms::Json,
    pages::{enrol::refused, join::signed_out},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Chosen {
    /// From the link, what stands behind `/enrol/`.
    token: String,
    password: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(chosen): Json<Chosen>,
) -> Result<Response> {
    signed_out(&permit)?;
    let token = link(&chosen.token)?;
    let step = enrolment::complete(&state.store, &state.hasher, &permit, &token, chosen.password).await;
    opened::so_far(&state.store, &permit, &step.map_err(refused)?)
}
