//! Sizes, time and the number of requests at once.

use std::sync::Arc;

use axum::{
    body::{Body, HttpBody},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::Limited;

use super::{app::Ground, https::HEALTH, run::InFlight};
use crate::{error::Error, limits::Limits};

/// Octets that the body of a request may have.
#[derive(Clone, Copy)]
pub(super) struct MostOctets(pub(super) usize);

/// Refuses what is too large before anything is read, and what comes when the server is full.
pub(super) async fn bound(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    let limits = &ground.settings.limits;
    if let Some(status) = too_large(limits, &request) {
        return Error::Protocol(status).into_response();
    }
    // Held until the answer is there, as the body is.
    let _large = if limits.is_large(&request) {
        let Ok(place) = Arc::clone(&ground.large).try_acquire_owned() else {
            return Error::Unavailable { retry_after_seconds: 1 }.into_response();
        };
        Some(place)
    } else {
        None
    };
    let most = limits.body_of(&request);
    let mut request = request.map(|body| Body::new(Limited::new(body, most)));
    request.extensions_mut().insert(MostOctets(most));
    // A full server is not a dead one: whoever probes it must not restart it.
    if !HEALTH.contains(&request.uri().path()) {
        let Ok(place) = Arc::clone(&ground.in_flight).try_acquire_owned() else {
            return Error::Unavailable { retry_after_seconds: 1 }.into_response();
        };
        request.extensions_mut().insert(InFlight::new(place));
    }
    match tokio::time::timeout(limits.time_of(&request), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::Unavailable { retry_after_seconds: 5 }.into_response(),
    }
}

fn too_large(limits: &Limits, request: &Request) -> Option<StatusCode> {
    let uri = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    let headers = request.headers();
    let octets: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if uri > limits.uri {
        Some(StatusCode::URI_TOO_LONG)
    } else if headers.len() > limits.headers || octets > limits.header_octets {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if request.body().size_hint().lower() > limits.body_of(request) as u64 {
        Some(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        None
    }
}
