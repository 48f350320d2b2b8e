//! Metrics in the Prometheus text format, on an address of their own.

pub(crate) mod http;
pub(crate) mod jobs;
mod process;

use std::sync::Arc;

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use prometheus_client::{encoding::text, registry::Registry};

use http::Http;
use jobs::Jobs;

/// The media type of the answer (OpenMetrics 1.0, which Prometheus reads).
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics. What is counted reaches the registry through clones of the families.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Requests.
    pub(crate) http: Http,
    /// Background jobs.
    pub(crate) jobs: Jobs,
}

impl Metrics {
    /// Fresh metrics, everything at nought.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        process::register(&mut registry);
        let ours = registry.sub_registry_with_prefix("bailiwick");
        let http = Http::register(ours);
        let jobs = Jobs::register(ours);
        Self { registry, http, jobs }
    }

    /// The service for the metrics listener: `GET /metrics` and nothing else.
    pub(crate) fn into_app(self) -> Router {
        let registry = Arc::new(self.registry);
        Router::new().route("/metrics", routing::get(move || async move { scrape(&registry) }))
    }
}

fn scrape(registry: &Registry) -> Response {
    let mut body = String::new();
    match text::encode(&mut body, registry) {
        Ok(()) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
