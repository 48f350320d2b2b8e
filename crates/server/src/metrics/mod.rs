//! Metrics in the Prometheus text format, on an address of their own.

pub(crate) mod http;
pub(crate) mod jobs;
mod process;
mod store;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use bailiwick_store::Store;
use prometheus_client::{encoding::text, registry::Registry};

use http::Http;
use jobs::Jobs;
use store::Reading;

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
        process::register_log(ours);
        let http = Http::register(ours);
        let jobs = Jobs::register(ours);
        Self { registry, http, jobs }
    }

    /// The service for the metrics listener: `GET /metrics` and nothing else.
    pub(crate) fn into_app(self, store: Store) -> Router {
        let metrics = Arc::new(self);
        let scrape = async move || scrape(&metrics, Reading::take(&store).await);
        Router::new().route("/metrics", routing::get(scrape))
    }

    /// Everything as text; the store as far as it was read.
    #[cfg(test)]
    fn text(&self, reading: Option<Reading>) -> String {
        let mut body = String::new();
        encode(&mut body, &self.registry, reading).unwrap_or_default();
        body
    }
}

fn scrape(metrics: &Metrics, reading: Reading) -> Response {
    let mut body = String::new();
    match encode(&mut body, &metrics.registry, Some(reading)) {
        Ok(()) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn encode(body: &mut String, registry: &Registry, reading: Option<Reading>) -> fmt::Result {
    text::encode_registry(body, registry)?;
    if let Some(reading) = reading {
        text::encode_registry(body, &reading.registry())?;
    }
    text::encode_eof(body)
}
