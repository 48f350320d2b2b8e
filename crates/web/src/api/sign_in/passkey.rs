//! A passkey, in the place of address, password and code, or after the password.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::sign_in;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::Access,
    api::{
        NoBody, opened,
        question::{Question, visitor},
    },
    error::{Error, Result},
    forms::Json,
    pages::sign_in::Standing,
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Answer {
    /// As the question gave it.
    visitor: String,
    /// As the question gave it.
    ceremony: String,
    /// `AuthenticationResponseJSON` (W3C Web Authentication, §5.1).
    credential: Value,
}

/// What the authenticator is asked.
pub(in crate::api) async fn begin(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    _: NoBody,
) -> Result<Json<Question>> {
    let visitor = visitor(&state.store);
    let asked = sign_in::passkey_begin(&state.store, &state.passkeys()?, &permit, &visitor)?;
    Ok(Json(Question::of(&visitor, asked)))
}

pub(in crate::api) async fn answer(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(Answer { visitor, ceremony, credential }): Json<Answer>,
) -> Result<Response> {
    if Standing::of(&permit) == Standing::SignedIn {
        return Err(Error::SignedIn);
    }
    let (party, credential) = (state.passkeys()?, credential.to_string());
    let session = sign_in::passkey(&state.store, &party, &permit, &visitor, &ceremony, &credential).await?;
    opened::whole(&state.store, &permit, &session)
}
