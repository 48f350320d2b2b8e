//! How much one request may ask of the server.

use std::time::Duration;

/// Bounds of one request, and of how many are served at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of any body; more is answered 413.
    pub body: usize,
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
    /// Requests served at the same moment; one more is answered 503. Health checks do not count.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            form: 64 * 1024,
            form_fields: 512,
            headers: 64,
            header_octets: 16 * 1024,
            uri: 4 * 1024,
            arrival: Duration::from_secs(10),
            time: Duration::from_secs(30),
            in_flight: 512,
        }
    }
}
