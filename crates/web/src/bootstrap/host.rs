//! Nothing but health checks is answered under another name than the public address.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{app::Ground, https::HEALTH};
use crate::{error::Error, state::PublicUrl};

/// Refuses what asks for another authority (RFC 9110 section 15.5.20): a name that somebody else lets lead here makes
/// their page and ours one site to a browser. And a change whose `Origin` has our name with the other scheme: to the
/// cross-site refusal behind this layer it would be ours.
pub(super) async fn match_public(
    State(ground): State<Arc<Ground>>,
    request: Request,
    next: Next,
) -> Response {
    let url = &ground.settings.public_url;
    // Load balancers ask a machine by its address.
    if !HEALTH.contains(&request.uri().path()) && !is_ours(url, &request) {
        return Error::Protocol(StatusCode::MISDIRECTED_REQUEST).into_response();
    }
    if !request.method().is_safe() && is_of_the_other_scheme(url, &request) {
        return Error::Forbidden("This request came from another site.").into_response();
    }
    next.run(request).await
}

/// Whether a request names an authority, and no other than ours: in its target, which HTTP/2 always has, and in `Host`.
/// `X-Forwarded-Host` is whatever a client wrote, and is not read.
fn is_ours(url: &PublicUrl, request: &Request) -> bool {
    let target = request.uri().authority().map(|authority| authority.as_str());
    // What is no text names nothing.
    let fields = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let mut named = target.into_iter().chain(fields).peekable();
    named.peek().is_some() && named.all(|authority| url.is_named_by(authority))
}

fn is_of_the_other_scheme(url: &PublicUrl, request: &Request) -> bool {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| {
        let named = origin.split_once("://").is_some_and(|(_, authority)| url.is_named_by(authority));
        named && !url.is_origin(origin)
    })
}
