//! Proving again who one is, for a person's session: a key has none.
//!
//! The answer hands out the session under its new id, as that of `PUT /v1/me/password` does.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::ProveAgain;
use bailiwick_ops::sign_in;
use bailiwick_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    access::Access,
    api::{NoBody, opened},
    error::Result,
    forms::Json,
    pages::sign_in::Question,
    state::AppState,
};

/// What the caller can give.
#[derive(Serialize)]
pub(in crate::api) struct Proofs {
    password: bool,
    /// Beside the password.
    code: bool,
    /// In the place of both.
    passkey: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Proof {
    password: String,
    /// Of an authenticator, where one is set up.
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Answer {
    /// As the question gave it.
    ceremony: String,
    /// `AuthenticationResponseJSON` (W3C Web Authentication, §5.1).
    credential: Value,
}

/// By what the caller can prove it.
pub(in crate::api) async fn show(
    Access(permit): Access<ProveAgain>,
    State(store): State<Store>,
) -> Result<Json<Proofs>> {
    let sign_in::Proofs { password, code, passkey } = sign_in::proofs(&store, &permit).await?;
    Ok(Json(Proofs { password, code: password && code, passkey }))
}

/// The password, and the code where an authenticator is set up. One answer to whatever is wrong.
pub(in crate::api) async fn prove(
    Access(permit): Access<ProveAgain>,
    State(state): State<AppState>,
    Json(Proof { password, code }): Json<Proof>,
) -> Result<Response> {
    let session = sign_in::again(&state.store, &state.hasher, &permit, password, &code).await?;
    opened::whole(&state.store, &permit, &session)
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
) -> Result<Response> {
    let (party, credential) = (state.passkeys()?, credential.to_string());
    let session = sign_in::again_passkey(&state.store, &party, &permit, &ceremony, &credential).await?;
    opened::whole(&state.store, &permit, &session)
}
