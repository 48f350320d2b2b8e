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
        let route = response.extensions().get::<Route>().map_or(NO_ROUTE, Route::pattern);
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

/// What stands in logs and metrics where no route answered.
pub const NO_ROUTE: &str = "none";

/// The route that answered, among the extensions of the answer: for whoever counts or logs outside the bootstrap.
#[derive(Clone, Debug)]
pub struct Route(Pattern);

#[derive(Clone, Debug)]
enum Pattern {
    Matched(MatchedPath),
    Fixed(&'static str),
}

impl Route {
    /// A route that no router knows: the embedded files.
    pub(crate) const fn fixed(pattern: &'static str) -> Self {
        Self(Pattern::Fixed(pattern))
    }

    /// The path as the access table has it, `/users/{user}`: never a path with an id in it.
    pub fn pattern(&self) -> &str {
        match &self.0 {
            Pattern::Matched(path) => path.as_str(),
            Pattern::Fixed(path) => path,
        }
    }
}

/// Notes which route answers, behind the router, where that is known.
pub(super) async fn name_route(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(path) = path {
        response.extensions_mut().insert(Route(Pattern::Matched(path)));
    }
    response
}
