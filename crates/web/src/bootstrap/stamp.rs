//! The request's id, and one log line for each request.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use bailiwick_domain::ids::RequestId;
use tracing::{Instrument, Span, field::Empty};

use super::{Client, app::Ground};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, which the answer, every log line and every audit record carries. An id that the caller
/// sends is ignored: two requests must never have one.
///
/// The log names the route, never the path or query: they may hold what a link lets in with.
pub(super) async fn stamp(State(ground): State<Arc<Ground>>, mut request: Request, next: Next) -> Response {
    let now = ground.clock.now();
    let id = RequestId::new(now, &*ground.entropy);
    request.extensions_mut().insert(Client { id, now, ip: None, https: false });
    let span = tracing::info_span!("request", %id, method = %request.method(), route = Empty);
    async move {
        let mut response = next.run(request).await;
        let route = response.extensions().get::<Route>().map_or("none", |route| route.0.as_str());
        Span::current().record("route", route);
        let micros = ground.clock.now().micros() - now.micros();
        tracing::info!(status = response.status().as_u16(), micros, "answered");
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

/// The route that answered, beside the answer.
#[derive(Clone)]
struct Route(MatchedPath);

/// Notes which route answers, behind the router, where that is known.
pub(super) async fn name_route(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(Route(path));
    }
    response
}
