//! How much one request may ask of the server.

use std::time::Duration;

use axum::{
    body::HttpBody,
    http::{Method, Request},
};
use bailiwick_ops::documents::MOST_PART;

use crate::bootstrap::is_upload;
use crate::rates::RateLimits;

/// Bounds of one request, and of how many are served at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of any body; more is answered 413.
    pub body: usize,
    /// Octets of a body of events (`POST /v1/audit/events`); more is answered 413. One that is larger than `body` says its length
    /// beforehand.
    pub events: usize,
    /// Octets of a part of a document (`PUT /v1/documents/uploads/…`), which says its length beforehand likewise; more is answered 413.
    pub part: usize,
    /// Octets of a form with a document (`POST /documents`, `POST /v1/documents`), which says its length beforehand likewise and is never
    /// held in memory whole; more is answered 413.
    pub upload: usize,
    /// Bodies of events, parts and documents larger than `body` at the same moment; one more is answered 503.
    pub large: usize,
    /// Octets of a form, which is held in memory whole; more is answered 413.
    pub form: usize,
    /// Fields of a form; more is answered 413.
    pub form_fields: usize,
    /// Header fields; more are answered 431.
    pub headers: usize,
    /// Octets of all header names and values together; more are answered 431.
    pub header_octets: usize,
    /// Octets of path and query; more are answered 414.
    pub uri: usize,
    /// How long a form may take to arrive; longer is answered 408.
    pub arrival: Duration,
    /// How long a request may take in all; longer is answered 503.
    pub time: Duration,
    /// The same of a form with a document, which is answered 408 once nothing of it came for as long as a form may take.
    pub upload_time: Duration,
    /// Requests served at the same moment; one more is answered 503. Health checks do not count.
    pub in_flight: usize,
    /// How fast the API may be asked; more is answered 429.
    pub rates: RateLimits,
}

/// The path under which events arrive, many at once.
const EVENTS: &str = "/v1/audit/events";
/// What the paths begin with under which parts of documents arrive.
const UPLOADS: &str = "/v1/documents/uploads/";

impl Limits {
    /// Octets that the body of this request may have, as far as it says its length.
    pub(crate) fn body_of<B: HttpBody>(&self, request: &Request<B>) -> usize {
        let says = request.body().size_hint().exact().is_some();
        let path = request.uri().path();
        match *request.method() {
            Method::POST if says && is_upload(request.method(), path, request.headers()) => {
                self.upload.max(self.body)
            }
            Method::POST if says && path == EVENTS => self.events.max(self.body),
            Method::PUT if says && path.starts_with(UPLOADS) => self.part.max(self.body),
            _ => self.body,
        }
    }

    /// How long this request may take.
    pub(crate) fn time_of<B>(&self, request: &Request<B>) -> Duration {
        let upload = is_upload(request.method(), request.uri().path(), request.headers());
        if upload { self.upload_time.max(self.time) } else { self.time }
    }

    /// Whether the body is larger than most may be, and so takes one of a few places.
    pub(crate) fn is_large<B: HttpBody>(&self, request: &Request<B>) -> bool {
        request.body().size_hint().lower() > self.body as u64
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            events: 4 * 1024 * 1024,
            part: MOST_PART,
            upload: 64 * 1024 * 1024,
            large: 32,
            form: 64 * 1024,
            form_fields: 512,
            headers: 64,
            header_octets: 16 * 1024,
            uri: 4 * 1024,
            arrival: Duration::from_secs(10),
            time: Duration::from_secs(30),
            upload_time: Duration::from_secs(300),
            in_flight: 512,
            rates: RateLimits::default(),
        }
    }
}
