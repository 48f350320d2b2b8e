//! What every handler can reach, and the settings of the web side.

use std::{fmt, str::FromStr, sync::Arc};

use axum::{extract::FromRef, http::Uri};
use bailiwick_domain::clock::{Clock, Entropy};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    audit::stream::Reach,
    documents::Cabinet,
    exports::Spool,
    integrations::Outside,
    passkeys::{self, RelyingParty},
    posture::Environment,
};
use bailiwick_proof::checkpoint::VerifierKey;
use bailiwick_store::{Store, audit::Notary};
use bailiwick_vault::password::PasswordHasher;

pub use crate::bootstrap::{BadNetwork, TrustedProxies};
use crate::{error::Result, jobs::JobBoard, limits::Limits, pace::Pace};

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The database, behind the gate.
    pub store: Store,
    /// Settings of the web side.
    pub settings: Arc<Settings>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Random bytes, for request ids and the cookies of visitors.
    pub entropy: Arc<dyn Entropy>,
    /// Hashes passwords, a few at a time.
    pub hasher: Arc<PasswordHasher>,
    /// What of the posture is configuration.
    pub environment: Arc<Environment>,
    /// The public key under which the checkpoints of every log verify.
    pub verifier: Arc<VerifierKey>,
    /// The names of the logs, and what their checkpoints verify under.
    pub notary: Arc<Notary>,
    /// How letters leave.
    pub outgoing: Outgoing,
    /// How fast proofs are asked for.
    pub pace: Arc<Pace>,
    /// Where the files of exports lie.
    pub spool: Spool,
    /// Where documents lie.
    pub cabinet: Cabinet,
    /// What the background jobs did last.
    pub jobs: JobBoard,
    /// Where streams of the audit log may lead.
    pub reach: Reach,
    /// What integrations may reach.
    pub outside: Outside,
}

/// How letters leave, as far as pages tell of it.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// They do not: no mail is set up, and they wait.
    Nowhere,
    /// To a mail server.
    Smtp,
    /// Into a mailbox in memory, which a demonstration shows.
    Kept(Mailbox),
}

impl FromRef<AppState> for Store {
    fn from_ref(state: &AppState) -> Self {
        state.store.clone()
    }
}

impl AppState {
    /// The server as authenticators know it, which follows from its public address.
    ///
    /// # Errors
    /// [`Error::Conflict`] where that address has no name in it.
    pub(crate) fn passkeys(&self) -> Result<RelyingParty> {
        Ok(passkeys::party(&self.settings.public_url.to_string())?)
    }
}

/// Settings of the web side.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach the product; the only authority that ever stands in a redirect.
    pub public_url: PublicUrl,
    /// What happens to a request that came without TLS.
    pub https: Https,
    /// Whose word about the client's address and scheme is taken.
    pub trusted_proxies: TrustedProxies,
    /// Bounds of one request.
    pub limits: Limits,
}

/// What happens to a request that came without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Https {
    /// It is served: for a trial on one machine.
    Off,
    /// Reading is redirected to the public address, everything else is refused.
    Enforced,
}

/// An absolute `http` or `https` address without path, query or user: scheme, host and, unless it is the scheme's own,
/// a port. Equal to the origin that browsers send (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: &'static str,
    authority: String,
}

/// The text is not an address such as `https://admin.example.com`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form https://host or https://host:port, without a path")]
pub struct BadPublicUrl;

impl PublicUrl {
    /// `host` or `host:port`.
    pub fn authority(&self) -> &str {
        &self.authority
    }
    /// Whether the address is reached by TLS.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }
    /// Whether a request for `authority`, the `Host` field or what HTTP/2 has instead, asks for this address. The scheme's
    /// own port may stand there or not. A machine that is its own public address has three names for itself.
    pub fn is_named_by(&self, authority: &str) -> bool {
        let (own, own_port) = split(&self.authority);
        let (host, port) = split(authority);
        let port = if port == self.default_port() { "" } else { port };
        port == own_port && (host.eq_ignore_ascii_case(own) || is_loopback(own) && is_loopback(host))
    }
    /// Whether an `Origin` is this very address, scheme and all.
    pub(crate) fn is_origin(&self, origin: &str) -> bool {
        origin
            .split_once("://")
            .is_some_and(|(scheme, authority)| scheme == self.scheme && self.is_named_by(authority))
    }
    /// Every origin under which browsers show its pages.
    pub(crate) fn origins(&self) -> Vec<String> {
        let (host, port) = split(&self.authority);
        if !is_loopback(host) {
            return vec![self.to_string()];
        }
        LOOPBACK.iter().map(|name| format!("{}://{name}{port}", self.scheme)).collect()
    }
    fn default_port(&self) -> &'static str {
        if self.is_https() { ":443" } else { ":80" }
    }
}

/// The names of a machine for itself. No name server is asked for them, so nobody can lead one of them elsewhere.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

fn is_loopback(host: &str) -> bool {
    LOOPBACK.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// The host, and the port with its colon; empty where there is none.
fn split(authority: &str) -> (&str, &str) {
    match authority.rfind(':') {
        // The colons of an IPv6 address stand within its brackets.
        Some(at) if !authority.ends_with(']') => authority.split_at(at),
        _ => (authority, ""),
    }
}

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(text: &str) -> Result<Self, BadPublicUrl> {
        let uri: Uri = text.strip_suffix('/').unwrap_or(text).parse().map_err(|_| BadPublicUrl)?;
        let (scheme, own_port) = match uri.scheme_str() {
            Some("https") => ("https", 443),
            Some("http") => ("http", 80),
            _ => return Err(BadPublicUrl),
        };
        let authority = uri.authority().ok_or(BadPublicUrl)?;
        // `Uri` reads a port that is none, such as 99999, as no port.
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        // The parser of `Uri` drops a fragment without a word.
        let extra = uri.path() != "/" || uri.query().is_some() || text.contains(['@', '#', '?']);
        if extra
            || uri.host().is_none_or(str::is_empty)
            || !(port.is_empty() || authority.port_u16().is_some())
        {
            return Err(BadPublicUrl);
        }
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port_u16() {
            Some(port) if port != own_port => format!("{host}:{port}"),
            _ => host,
        };
        Ok(Self { scheme, authority })
    }
}

impl fmt::Display for PublicUrl {
    /// The origin, without a slash at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_spelled_as_browsers_spell_its_origin() {
        for (text, origin) in [
            ("https://Admin.Example.com", "https://admin.example.com"),
            ("https://admin.example.com/", "https://admin.example.com"),
            ("https://admin.example.com:443", "https://admin.example.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80/", "http://localhost"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(PublicUrl::from_str(text).map(|url| url.to_string()).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn a_request_names_the_public_address_or_another() {
        for (url, own, others) in [
            (
                "https://admin.example.com",
                ["admin.example.com", "Admin.Example.COM", "admin.example.com:443"].as_slice(),
                [
                    "",
                    ":443",
                    "admin.example.com:",
                    "admin.example.com:80",
                    "admin.example.com.",
                    "x@admin.example.com",
                    "admin.example.com.evil.example",
                    "evil.example",
                    "localhost",
                    "127.0.0.1",
                    "[::1]",
                ]
                .as_slice(),
            ),
            (
                "http://localhost:8080",
                &["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"],
                &[
                    "localhost",
                    "localhost:80",
                    "127.0.0.2:8080",
                    "[::1]",
                    "::1:8080",
                    "[::2]:8080",
                    "evil.example:8080",
                    "localhost.evil.example:8080",
                ],
            ),
            ("http://[::1]", &["[::1]", "[::1]:80", "localhost"], &["[::1]:8080", "localhost:8080"]),
            ("https://10.0.0.1:8443", &["10.0.0.1:8443"], &["10.0.0.1", "localhost:8443", "127.0.0.1:8443"]),
        ] {
            let url = PublicUrl::from_str(url).unwrap();
            for authority in own {
                assert!(url.is_named_by(authority), "{authority} names {url}");
            }
            for authority in others {
                assert!(!url.is_named_by(authority), "{authority} does not name {url}");
            }
        }
    }

    #[test]
    fn an_origin_of_the_other_scheme_is_another() {
        let url = PublicUrl::from_str("https://admin.example.com").unwrap();
        assert!(url.is_origin("https://admin.example.com"));
        for origin in ["http://admin.example.com", "https://evil.example", "admin.example.com", "null", ""] {
            assert!(!url.is_origin(origin), "{origin}");
        }
        assert_eq!(url.origins(), ["https://admin.example.com"]);
        let local = PublicUrl::from_str("http://127.0.0.1:8080").unwrap();
        assert_eq!(local.origins(), ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"]);
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in [
            "",
            "admin.example.com",
            "/path",
            "ftp://example.com",
            "https://",
            "https://example.com/app",
            "https://example.com?x",
            "https://example.com#x",
            "https://user@example.com",
            "https://example.com:",
            "https://example.com:99999",
        ] {
            assert_eq!(PublicUrl::from_str(text), Err(BadPublicUrl), "{text}");
        }
    }
}
