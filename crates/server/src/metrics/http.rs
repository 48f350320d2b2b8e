//! Counting requests by route, never by path: a path holds ids, and would make a series of its own each.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    response::Response,
};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use tower::{Layer, Service};

use crate::clock::Stopwatch;

/// Upper bounds of the buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Cow<'static, str>,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: Cow<'static, str>,
}

/// The metrics of requests, and the layer that counts them.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    requests: Family<Answered, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
    open: Gauge,
}

impl Http {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let http = Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(histogram),
            open: Gauge::default(),
        };
        registry.register("http_requests", "Requests answered, by route and status", http.requests.clone());
        let duration = "Time from the head of a request to the head of its answer, by route";
        registry.register_with_unit("http_request_duration", duration, Unit::Seconds, http.duration.clone());
        registry.register("http_requests_open", "Requests being worked on", http.open.clone());
        http
    }

    fn count(&self, method: &'static str, route: Cow<'static, str>, status: u16, watch: Stopwatch) {
        self.duration
            .get_or_create(&Route { method, route: route.clone() })
            .observe(watch.elapsed().as_secs_f64());
        self.requests.get_or_create(&Answered { method, route, status }).inc();
    }
}

/// Counts down when a request ends, answered or given up.
struct Open(Gauge);

impl Open {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl<S> Layer<S> for Http {
    type Service = Counted<S>;
    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner, http: self.clone() }
    }
}

/// A service whose requests are counted. The route is what the response says in its [`MatchedPath`] extension.
#[derive(Clone, Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    http: Http,
}

impl<S> Service<Request> for Counted<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (http, method, watch, open) =
            (self.http.clone(), method(request.method()), Stopwatch::start(), Open::new(&self.http.open));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let route = answer
                .extensions()
                .get::<MatchedPath>()
                .map_or(Cow::Borrowed("none"), |path| Cow::Owned(path.as_str().into()));
            http.count(method, route, answer.status().as_u16(), watch);
            drop(open);
            Ok(answer)
        })
    }
}

/// The method as a label; a client can make up any number of others.
fn method(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.iter().zip(NAMES).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use axum::{Router, body::Body, http::StatusCode, middleware, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::metrics::Metrics;

    async fn ask(app: &Router, method: &str, path: &str) -> String {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        String::from_utf8(axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn operator_reads_requests_by_route_and_never_by_path() {
        let metrics = Metrics::new();
        let names_route =
            middleware::from_fn(|path: MatchedPath, request: Request, next: middleware::Next| async move {
                let mut answer: Response = next.run(request).await;
                answer.extensions_mut().insert(path);
                answer
            });
        let app = Router::new()
            .route("/users/{id}", get(|| async { StatusCode::IM_A_TEAPOT }))
            .route_layer(names_route);
        let app = app.layer(metrics.http.clone());
        for path in ["/users/1", "/users/2", "/nowhere/hunter2"] {
            ask(&app, "GET", path).await;
        }
        ask(&app, "BREW", "/users/3").await;
        let scraped = ask(&metrics.into_app(), "GET", "/metrics").await;
        for line in [
            "bailiwick_http_requests_total{method=\"GET\",route=\"/users/{id}\",status=\"418\"} 2",
            "bailiwick_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
            "bailiwick_http_request_duration_seconds_count{method=\"GET\",route=\"/users/{id}\"} 2",
            "bailiwick_http_requests_open 0",
        ] {
            assert!(scraped.lines().any(|l| l == line), "{line} is not in\n{scraped}");
        }
        assert!(
            scraped.contains("method=\"other\"") && !scraped.contains("BREW") && !scraped.contains("hunter2"),
            "{scraped}"
        );
        assert!(scraped.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_is_not_open_any_more() {
        let metrics = Metrics::new();
        let app = Router::new().route("/", get(std::future::pending::<()>)).layer(metrics.http.clone());
        let asked = tokio::spawn(async move { ask(&app, "GET", "/").await });
        while metrics.http.open.get() == 0 {
            tokio::task::yield_now().await;
        }
        asked.abort();
        assert!(asked.await.is_err());
        assert_eq!(metrics.http.open.get(), 0);
    }
}
