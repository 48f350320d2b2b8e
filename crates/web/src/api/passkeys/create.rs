//! Adding the passkey that an authenticator has made.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::CeremonyId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys;
use serde::Deserialize;
use serde_json::Value;

use super::PasskeyBody;
use crate::{access::Access, api::Created, error::Result, forms::Json, state::AppState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewPasskey {
    ceremony: CeremonyId,
    name: String,
    /// `RegistrationResponseJSON` (W3C Web Authentication, §5.1).
    credential: Value,
}

impl From<NewPasskey> for passkeys::NewPasskey {
    fn from(new: NewPasskey) -> Self {
        Self { ceremony: new.ceremony, name: new.name, credential: new.credential.to_string() }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    Json(new): Json<NewPasskey>,
) -> Result<Response> {
    let passkey = passkeys::finish(&state.store, &state.passkeys()?, &permit, new.into()).await?;
    let location = format!("/v1/me/passkeys/{}", passkey.id);
    Ok(Created { location, body: PasskeyBody::from(passkey) }.into_response())
}
