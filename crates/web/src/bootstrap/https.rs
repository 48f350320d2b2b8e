//! Nothing but health checks is answered in the clear, once that is asked for.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Client, app::Ground};
use crate::{error::Error, state::Https};

/// Probes of the machine itself, which have no certificate to check.
pub(super) const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// Redirects what reads to the public address. What writes is refused instead: its body has crossed the network in the
/// clear, and a redirect would only hide that.
pub(super) async fn enforce(State(ground): State<Arc<Ground>>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Client>().is_some_and(|client| client.https);
    if secure || ground.settings.https == Https::Off || HEALTH.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::Forbidden(
            "This server is used over HTTPS only. What was sent has crossed the network unprotected.",
        )
        .into_response();
    }
    let target = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // The authority is the configured one: the Host header is whatever the client wrote. Whoever asks in the clear for
    // another name is led to the public address as well, where the name is right.
    let location = format!("https://{}{target}", ground.settings.public_url.authority());
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, location)]).into_response()
}
