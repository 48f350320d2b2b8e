//! The answer that hands out a session, in the way in which the one before was shown.
//!
//! A browser gets its cookies (204). A program, which has shown nothing or a bearer token, gets a token in the body (200) that goes
//! behind `Authorization: Bearer` from then on, and what lets its device be known again, for `Known-Device` in its requests; no
//! answer of the API signs a browser in that was nobody before. A session that waits for its second factor is handed out under
//! another word, `pending`, and is taken for that step alone.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::Rule;
use bailiwick_ops::sign_in::Step;
use bailiwick_store::{Actor, AgentClass, Permit, Store};
use bailiwick_vault::token::SessionToken;
use serde::Serialize;

use crate::{
    access::{bearer, cookies},
    error::{Error, Result},
    forms::Json,
    pages::{known_device, sign_in::Standing},
};

#[derive(Serialize)]
struct Body {
    /// What is still to come; nothing where everything was proven that is asked for.
    next: Option<Next>,
    /// For `Authorization: Bearer`, once and in full.
    token: String,
    /// For `Known-Device`; nothing while something is still to come.
    device: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Next {
    /// A code, a recovery code or a passkey.
    SecondFactor,
}

/// Hands out what a sign-in has come to, to whoever was nobody before.
pub(super) fn so_far<R: Rule>(store: &Store, permit: &Permit<R>, step: &Step) -> Result<Response> {
    match step {
        Step::Done(token) => whole(store, permit, token),
        Step::SecondFactor(token) => {
            let token = bearer::waiting(token).to_string();
            Ok(Json(Body { next: Some(Next::SecondFactor), token, device: None }).into_response())
        }
    }
}

/// Hands out a session in which everything was proven that is asked for.
pub(super) fn whole<R: Rule>(store: &Store, permit: &Permit<R>, token: &SessionToken) -> Result<Response> {
    if is_in_a_browser(permit) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        for cookie in [cookies::session(token), known_device(store, permit, token)] {
            let value = HeaderValue::from_str(&cookie.to_string());
            let value = value.map_err(|error| Error::Internal(Box::new(error)))?;
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        return Ok(response);
    }
    let body = Body {
        next: None,
        token: bearer::whole(token).to_string(),
        device: Some(permit.request().known.with(&token.device())),
    };
    let mut response = Json(body).into_response();
    // Whoever showed a whole session reads its successor where every other answer has it as well.
    if Standing::of(permit) == Standing::SignedIn {
        response.headers_mut().insert(bearer::SESSION_TOKEN, bearer::header(token));
    }
    Ok(response)
}

/// Whether the session was shown by its cookie.
fn is_in_a_browser<R: Rule>(permit: &Permit<R>) -> bool {
    matches!(permit.actor(), Actor::User { .. }) && permit.request().agent == AgentClass::Browser
}
