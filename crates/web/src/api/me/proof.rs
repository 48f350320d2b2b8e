//! Proving again who one is with a passkey, for a browser's session: a key has none.
//!
//! The answer hands out the session under its new id, as that of `PUT /v1/me/password` does.

use axum::extract::State;
use bailiwick_domain::rule::ProveAgain;
use bailiwick_ops::sign_in;
use serde::Deserialize;
use serde_json::Value;

use super::renewed::{Renewed, renewed};
use crate::{
    access::Access, api::NoBody, error::Result, forms::Json, pages::sign_in::Question, state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Answer {
    /// As the question gave it.
    ceremony: String,
    /// `AuthenticationResponseJSON` (W3C Web Authentication, §5.1).
    credential: Value,
}

/// What the authenticator is asked; good for five minutes, in this session, once.
pub(in crate::api) async fn begin(
    Access(permit): Access<ProveAgain>,
    State(state): State<AppState>,
    _: NoBody,
) -> Result<Json<Question>> {
    Ok(Json(sign_in::again_passkey_begin(&state.store, &state.passkeys()?, &permit)?.into()))
}

pub(in crate::api) async fn answer(
    Access(permit): Access<ProveAgain>,
    State(state): State<AppState>,
    Json(Answer { ceremony, credential }): Json<Answer>,
) -> Result<Renewed> {
    let (party, credential) = (state.passkeys()?, credential.to_string());
    let session = sign_in::again_passkey(&state.store, &party, &permit, &ceremony, &credential).await?;
    renewed(&state.store, &permit, &session)
}
