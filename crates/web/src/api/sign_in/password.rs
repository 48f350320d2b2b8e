//! Address and password. One answer to whatever is wrong, and none that tells whether there is an account.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::sign_in;
use serde::Deserialize;

use crate::{
    access::Access,
    api::opened,
    error::Result,
    forms::Json,
    pages::{join::signed_out, sign_in::asked_for},
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Credentials {
    address: String,
    password: String,
    /// The id of the organisation to enter, where the address is known in several; any otherwise.
    organisation: Option<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    Json(body): Json<Credentials>,
) -> Result<Response> {
    // Otherwise the attempt at one account would be recorded as made by another.
    signed_out(&permit)?;
    let (store, hasher) = (&state.store, &state.hasher);
    let organisation = asked_for(store, body.organisation.as_deref().unwrap_or_default());
    let step =
        sign_in::password_in(store, hasher, &permit, organisation, &body.address, body.password).await?;
    opened::so_far(store, &permit, &step)
}
