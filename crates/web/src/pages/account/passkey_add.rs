//! Adding a passkey. What its authenticator is asked comes from `/v1/me/passkeys/begin`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::CeremonyId, rule::ChangeMyProofs};
use bailiwick_ops::passkeys::{self, NewPasskey};
use serde::Deserialize;

use super::page::AccountPage;
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("name", "passkey_name")];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Added {
    ceremony: CeremonyId,
    credential: String,
    passkey_name: String,
}

pub(super) async fn add(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Added>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(Added { ceremony, credential, passkey_name }) => {
            let new = NewPasskey { ceremony, name: passkey_name, credential };
            match passkeys::finish(&state.store, &state.passkeys()?, &permit, new).await {
                Ok(_) => {
                    return Ok(SeeOther::to("/account").tell(Message::PasskeyAdded).into_response());
                }
                Err(error) => Refused::by(error, NAMES)?,
            }
        }
    };
    let page = AccountPage::read(&state.store, &permit, &visit, refused.problems, None).await?;
    Ok((refused.status, page).into_response())
}
