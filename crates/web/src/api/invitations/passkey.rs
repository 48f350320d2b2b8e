//! Accepting an invitation by the token of its link with a passkey and without a password.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::invitations::{self, JoiningByPasskey};
use serde::Deserialize;
use serde_json::Value;

use super::{link, refused};
use crate::{
    access::Access,
    api::{
        opened,
        question::{Question, visitor},
    },
    error::Result,
    forms::Json,
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Asking {
    /// From the link in the letter, what stands behind `/join/`.
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Acceptance {
    /// From the link in the letter, what stands behind `/join/`.
    token: String,
    name: String,
    /// As the question gave it.
    visitor: String,
    /// As the question gave it.
    ceremony: String,
    /// `RegistrationResponseJSON` (W3C Web Authentication, §5.1).
    credential: Value,
}

/// What the authenticator is asked.
pub(in crate::api) async fn begin(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(asking): Json<Asking>,
) -> Result<Json<Question>> {
    let (token, visitor) = (link(&permit, &asking.token)?, visitor(&state.store));
    let asked = invitations::passkey_begin(&state.store, &state.passkeys()?, &permit, &token, &visitor).await;
    Ok(Json(Question::of(&visitor, asked.map_err(refused)?)))
}

pub(in crate::api) async fn accept(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(body): Json<Acceptance>,
) -> Result<Response> {
    let (token, party) = (link(&permit, &body.token)?, state.passkeys()?);
    let joining = JoiningByPasskey {
        name: body.name,
        ceremony: body.ceremony,
        credential: body.credential.to_string(),
    };
    let session =
        invitations::accept_with_passkey(&state.store, &party, &permit, &token, &body.visitor, joining).await;
    opened::whole(&state.store, &permit, &session.map_err(refused)?)
}
