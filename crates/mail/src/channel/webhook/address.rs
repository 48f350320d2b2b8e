//! Where a gateway is.

use std::{fmt, net::IpAddr, str::FromStr};

use url::{Host, Url};

use super::BadWebhook;

/// The address of a gateway: https, or http on this very machine; without user, password and fragment.
///
/// What the operator writes here is the one host that is ever connected to, so no message can be led elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// Whether it is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Host and, unless it is the scheme's own, port: the address without what may be secret in its path.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// The address in full.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host as a certificate names it: without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => String::new(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// What stands in the `Host` field.
    pub(super) fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Path and query.
    pub(super) fn target(&self) -> String {
        match self.0.query() {
            Some(query) => format!("{}?{query}", self.0.path()),
            None => self.0.path().to_owned(),
        }
    }
}

impl FromStr for WebhookUrl {
    type Err = BadWebhook;
    fn from_str(text: &str) -> Result<Self, BadWebhook> {
        let url = Url::parse(text).map_err(|_| BadWebhook::Url)?;
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let protected = match (url.scheme(), url.host()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => is_local(&host),
            _ => false,
        };
        if bare && protected { Ok(Self(url)) } else { Err(BadWebhook::Url) }
    }
}

/// Whether a host is this machine: what never leaves it needs no TLS.
fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => IpAddr::from(*ip).is_loopback(),
        Host::Ipv6(ip) => IpAddr::from(*ip).is_loopback(),
    }
}

/// The path may hold a token of the gateway's.
impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.origin())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_gateway_is_reached_by_tls_or_on_this_machine() {
        for (text, host, port, target) in [
            ("https://sms.example.com/v1/messages?team=7", "sms.example.com", 443, "/v1/messages?team=7"),
            ("https://sms.example.com:8443", "sms.example.com", 8443, "/"),
            ("http://127.0.0.1:9000/x", "127.0.0.1", 9000, "/x"),
            ("http://localhost/x", "localhost", 80, "/x"),
            ("http://[::1]:9000/x", "::1", 9000, "/x"),
        ] {
            let url: WebhookUrl = text.parse().unwrap();
            assert_eq!(
                (url.host().as_str(), url.port(), url.target().as_str()),
                (host, port, target),
                "{text}"
            );
        }
        for text in [
            "",
            "sms.example.com",
            "http://sms.example.com/x",
            "http://10.0.0.1/x",
            "http://localhost.example.com/x",
            "https://user@sms.example.com/x",
            "https://user:word@sms.example.com/x",
            "https://sms.example.com/x#y",
            "ftp://sms.example.com/x",
            "file:///etc/passwd",
        ] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(BadWebhook::Url), "{text}");
        }
    }

    #[test]
    fn nobody_reads_the_path_by_accident() {
        let url: WebhookUrl = "https://sms.example.com/T0KEN".parse().unwrap();
        assert_eq!(format!("{url:?}"), "https://sms.example.com/…");
    }
}
