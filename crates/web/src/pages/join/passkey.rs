//! Joining with a passkey and without a password, which signs the person in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::{
    Error,
    invitations::{self, JoiningByPasskey},
};
use serde::Deserialize;

use super::{Link, invited, show::JoinPage, signed_out};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id, Json},
    pages::{
        refused::Refused,
        sign_in::{Question, signed_in},
    },
    shell::Visit,
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct Filled {
    name: String,
    ceremony: String,
    credential: String,
}

pub(super) async fn begin(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
) -> Result<Json<Question>> {
    signed_out(&permit)?;
    let party = state.passkeys()?;
    let asked = invitations::passkey_begin(&state.store, &party, &permit, &token, &visit.csrf).await;
    Ok(Json(asked.map_err(super::refused)?.into()))
}

pub(super) async fn accept(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    Id(Link(token)): Id<Link>,
    form: Form<Filled>,
) -> Result<Response> {
    signed_out(&permit)?;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(Filled { name, ceremony, credential }) => {
            let (party, joining) = (state.passkeys()?, JoiningByPasskey { name, ceremony, credential });
            match invitations::accept_with_passkey(
                &state.store,
                &party,
                &permit,
                &token,
                &visit.csrf,
                joining,
            )
            .await
            {
                Ok(session) => return Ok(signed_in(&state.store, &permit, "/", &session).into_response()),
                // Of a link that does not work there is no page to show again.
                Err(Error::Conflict(invitations::DEAD)) => return Err(super::DEAD),
                Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => Refused::by(error, &[])?,
                Err(error) => return Err(super::refused(error)),
            }
        }
    };
    let who = invited(&state.store, &permit, &token).await?;
    Ok((refused.status, JoinPage::new(&visit, &token, who).again(&form.typed, refused.problems))
        .into_response())
}
