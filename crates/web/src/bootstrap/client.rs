//! Who sent a request, as far as the connection says.

use std::net::IpAddr;

use bailiwick_domain::{ids::RequestId, time::Timestamp};

/// A request's identity and origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// The request's id.
    pub(crate) id: RequestId,
    /// When it arrived.
    pub(crate) now: Timestamp,
    /// The client's address after trusted proxies were resolved.
    pub(crate) ip: Option<IpAddr>,
    /// Whether it travelled under TLS, up to here or up to a trusted proxy.
    pub(crate) https: bool,
}

#[cfg(test)]
impl Client {
    /// A client that does not matter.
    pub(crate) fn sample() -> Self {
        let id = "0193a7c2-7b1e-7000-8000-000000000001".parse().unwrap();
        Self { id, now: Timestamp::parse("2026-11-21T22:14:03Z").unwrap(), ip: None, https: true }
    }
}
