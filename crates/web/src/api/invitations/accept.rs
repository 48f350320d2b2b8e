//! Accepting an invitation by the token of its link, with a name and a password.
//!
//! The answer hands out a session, as the page does. Where a second factor is asked for, it is enrolled from there.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations::{self, Joining};
use serde::Deserialize;

use super::{link, refused};
use crate::{access::Access, api::opened, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Acceptance {
    /// From the link in the letter, what stands behind `/join/`.
    token: String,
    name: String,
    password: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(body): Json<Acceptance>,
) -> Result<Response> {
    let token = link(&permit, &body.token)?;
    let joining = Joining { name: body.name, password: body.password };
    let session = invitations::accept(&state.store, &state.hasher, &permit, &token, joining).await;
    opened::whole(&state.store, &permit, &session.map_err(refused)?)
}
