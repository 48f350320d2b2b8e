//! Counting requests by route, never by path: a path holds ids, and would make a series of its own each.

use std::{
    borrow::Cow,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    http::{Method, Request},
    response::Response,
};
use bailiwick_web::bootstrap::{App, NO_ROUTE, Route as Answerer, Transport};
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

/// A service whose requests are counted. The route is what the answer says in its [`Answerer`] extension.
#[derive(Clone, Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    http: Http,
}

impl Counted<App> {
    /// The same service for connections that arrive in another way.
    pub(crate) fn over(self, transport: Transport) -> Self {
        Self { inner: self.inner.over(transport), http: self.http }
    }
}

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (http, method, watch, open) =
            (self.http.clone(), method(request.method()), Stopwatch::start(), Open::new(&self.http.open));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let route = answer
                .extensions()
                .get::<Answerer>()
                .map_or(Cow::Borrowed(NO_ROUTE), |route| Cow::Owned(route.pattern().to_owned()));
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
    use axum::body::Body;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::metrics::Metrics;

    fn request(method: &str) -> Request<Body> {
        Request::builder().method(method).uri("/nowhere/hunter2").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn nobody_writes_into_the_metrics_with_a_path_or_method_of_their_own() {
        let metrics = Metrics::new();
        let nowhere = service_fn(async |_: Request<Body>| {
            Ok::<_, std::convert::Infallible>(Response::builder().status(404).body(Body::empty()).unwrap())
        });
        let app = metrics.http.layer(nowhere);
        for method in ["GET", "BREW"] {
            assert_eq!(app.clone().oneshot(request(method)).await.unwrap().status(), 404);
        }
        let scraped = metrics.text(None);
        for line in [
            "bailiwick_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
            "bailiwick_http_requests_total{method=\"other\",route=\"none\",status=\"404\"} 1",
            "bailiwick_http_request_duration_seconds_count{method=\"GET\",route=\"none\"} 1",
            "bailiwick_http_requests_open 0",
        ] {
            assert!(scraped.lines().any(|l| l == line), "{line} is not in\n{scraped}");
        }
        assert!(!scraped.contains("BREW") && !scraped.contains("hunter2"), "{scraped}");
        assert!(scraped.ends_with("# EOF\n"));
    }

    #[tokio::test]
    async fn a_request_that_is_given_up_is_not_open_any_more() {
        let metrics = Metrics::new();
        let stuck = service_fn(|_: Request<Body>| {
            std::future::pending::<Result<Response, std::convert::Infallible>>()
        });
        let app = metrics.http.layer(stuck);
        let asked = tokio::spawn(app.oneshot(request("GET")));
        while metrics.http.open.get() == 0 {
            tokio::task::yield_now().await;
        }
        asked.abort();
        assert!(asked.await.is_err());
        assert_eq!(metrics.http.open.get(), 0);
    }
}
