//! Changing one's own password, for a browser's session: a key has none.
//!
//! The answer hands out the session under its new id. What follows from the cookie, such as `X-CSRF-Token`, follows from the
//! new one from then on.

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::passwords::{self, NewPassword};
use serde::Deserialize;

use crate::{
    access::{Access, cookies},
    error::{Error, Result},
    forms::Json,
    state::AppState,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Body {
    current: String,
    new: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    Json(body): Json<Body>,
) -> Result<(StatusCode, [(HeaderName, HeaderValue); 1])> {
    let passwords = NewPassword { current: body.current, new: body.new };
    let session = passwords::change(&state.store, &state.hasher, &permit, passwords).await?;
    let cookie = HeaderValue::from_str(&cookies::session(&session).to_string())
        .map_err(|error| Error::Internal(Box::new(error)))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}
