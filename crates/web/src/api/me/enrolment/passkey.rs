//! A passkey: the only factor that meets a floor of passkeys.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::EnrolFactor;
use bailiwick_ops::factors;

use crate::{
    access::Access,
    api::{
        NoBody, opened,
        passkeys::{begin::Body, create::NewPasskey},
    },
    error::Result,
    forms::Json,
    state::AppState,
};

/// What the authenticator is asked.
pub(in crate::api) async fn begin(
    Access(permit): Access<EnrolFactor>,
    State(state): State<AppState>,
    _: NoBody,
) -> Result<Json<Body>> {
    let begun = factors::enrol_passkey_begin(&state.store, &state.passkeys()?, &permit).await?;
    Ok(Json(begun.into()))
}

pub(in crate::api) async fn add(
    Access(permit): Access<EnrolFactor>,
    State(state): State<AppState>,
    Json(new): Json<NewPasskey>,
) -> Result<Response> {
    let session = factors::enrol_passkey(&state.store, &state.passkeys()?, &permit, new.into()).await?;
    opened::whole(&state.store, &permit, &session)
}
