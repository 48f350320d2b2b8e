//! Beginning to add a passkey: what its authenticator is asked.

use axum::extract::State;
use bailiwick_domain::{ids::CeremonyId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys::{self, Begun};
use serde::Serialize;
use serde_json::Value;

use crate::{access::Access, api::NoBody, error::Result, forms::Json, state::AppState};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// Names this registration in the answer; good for five minutes, in this session, once.
    ceremony: CeremonyId,
    /// `PublicKeyCredentialCreationOptionsJSON` (W3C Web Authentication, §5.1.9).
    options: Value,
}

impl From<Begun> for Body {
    fn from(begun: Begun) -> Self {
        Self { ceremony: begun.ceremony, options: begun.options }
    }
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    _: NoBody,
) -> Result<Json<Body>> {
    Ok(Json(passkeys::begin(&state.store, &state.passkeys()?, &permit).await?.into()))
}
