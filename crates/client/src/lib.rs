//! What a guarded product asks of Bailiwick, typed: may somebody do something ([`Client::authorize`]), what is a session
//! ([`Client::introspect`]), and this has happened ([`Client::record`]). [`Guard`] asks before a request of an axum app is handled.
//!
//! ```no_run
//! # async fn plans() {}
//! # fn app() -> Result<axum::Router, bailiwick_client::Error> {
//! use axum::{Router, routing::get};
//! use bailiwick_client::{Client, Guard};
//!
//! let client = Client::new("https://bailiwick.example.com", "bw_live_…")?;
//! let app = Router::new().route("/plans", get(plans).layer(Guard::new(client, "plan:read")));
//! # Ok(app) }
//! ```
//!
//! The key takes the scope `access:check`, and `audit:write` for recording. It never leads elsewhere: redirects are not followed,
//! and plain HTTP is refused but for this machine.

mod ask;
mod error;
mod guard;
mod record;

use std::{fmt, sync::Arc, time::Duration};

use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use ask::{Answer, Decision, Introspection, Subject, Who};
pub use error::Error;
pub use guard::{Guard, Guarded, Identity};
pub use record::{Actor, Event, Stored, Thing};

/// How long a connection may take to be made, and how long a question may take in all.
const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(10);
/// Octets of an answer that are read.
const LARGEST: usize = 4 * 1024 * 1024;

/// One Bailiwick and a key for it. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
    key: Arc<Zeroizing<String>>,
}

impl Client {
    /// For the service at this address, such as `https://bailiwick.example.com`, with an API key of the organisation.
    ///
    /// # Errors
    /// [`Error::Address`] for what is no such address, and for `http` elsewhere than on this machine.
    pub fn new(address: &str, key: &str) -> Result<Self, Error> {
        let url = reqwest::Url::parse(address).map_err(|_| Error::Address)?;
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let safe = url.scheme() == "https" || url.scheme() == "http" && here;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !safe || !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Address);
        }
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .build()
            .map_err(Error::Unreachable)?;
        let base = address.trim_end_matches('/').into();
        Ok(Self { http, base, key: Arc::new(Zeroizing::new(key.trim().to_owned())) })
    }

    async fn post<B: Serialize + Sync, A: DeserializeOwned>(&self, path: &str, body: &B) -> Result<A, Error> {
        let body = serde_json::to_vec(body).map_err(|_| Error::Unreadable)?;
        let request = self
            .http
            .request(Method::POST, format!("{}{path}", self.base))
            .bearer_auth(self.key.as_str())
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::ACCEPT, "application/json")
            .body(body);
        let mut answer = request.send().await.map_err(Error::Unreachable)?;
        let status = answer.status();
        let mut octets = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Error::Unreachable)? {
            if octets.len() + chunk.len() > LARGEST {
                return Err(Error::Unreadable);
            }
            octets.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return serde_json::from_slice(&octets).map_err(|_| Error::Unreadable);
        }
        Err(Error::refused(status, &octets))
    }
}

impl fmt::Debug for Client {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_in_the_clear_on_this_machine_alone() {
        for good in [
            "https://bailiwick.example.com",
            "https://bailiwick.example.com/",
            "http://127.0.0.1:8080",
            "http://localhost",
        ] {
            assert!(Client::new(good, "k").is_ok(), "{good}");
        }
        for bad in [
            "http://bailiwick.example.com",
            "bailiwick.example.com",
            "ftp://localhost",
            "https://a@b.example",
            "https://b.example/v1",
            "https://b.example?x",
            "",
        ] {
            assert!(matches!(Client::new(bad, "k"), Err(Error::Address)), "{bad}");
        }
    }

    #[test]
    fn no_output_holds_the_key() {
        let client = Client::new("https://bailiwick.example.com", "bw_live_planted").unwrap();
        assert!(!format!("{client:?}").contains("planted"));
    }

    #[tokio::test]
    async fn where_nobody_answers_it_is_said() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let client = Client::new(&format!("http://127.0.0.1:{port}"), "k").unwrap();
        let answer = client.authorize(Subject::Key("x"), &["plan:read"]).await;
        assert!(matches!(answer, Err(Error::Unreachable(_))), "{answer:?}");
    }
}
