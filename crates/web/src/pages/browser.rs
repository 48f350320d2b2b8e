//! A browser for the tests of pages: the whole service over a test's database, a cookie jar, and forms that carry what
//! the page before them showed.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use bailiwick_domain::posture::{DatabaseKind, TlsEndpoint, TlsMode};
use bailiwick_ops::{audit::stream::Reach, exports::Spool, posture::Environment};
use bailiwick_testkit::{Actor, Db};
use bailiwick_vault::{
    entropy::SeededEntropy,
    password::{PasswordCost, PasswordHasher},
};
use tower::ServiceExt;

use crate::{
    access::cookies,
    bootstrap::App,
    jobs::JobBoard,
    limits::Limits,
    state::{AppState, Https, Outgoing, Settings, TrustedProxies},
};

/// A browser with its cookies.
pub(super) struct Browser {
    app: App,
    jar: BTreeMap<String, String>,
    referer: Option<String>,
    agent: &'static str,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Browser {
    /// A browser that has never been here.
    pub(super) fn new(db: &Db) -> Self {
        Self::keeping(db, Outgoing::Nowhere)
    }

    /// As [`new`](Self::new), in front of a server whose letters leave like this.
    pub(super) fn keeping(db: &Db, outgoing: Outgoing) -> Self {
        let environment = Environment {
            key_provider: "root key file".into(),
            key_provider_managed: false,
            key_rotation: false,
            https_enforced: false,
            hsts: false,
            tls: TlsEndpoint::None,
            database: DatabaseKind::Sqlite,
            database_tls: TlsMode::Prefer,
            separate_owner: false,
            archive: false,
        };
        let settings = Settings {
            public_url: "https://bailiwick.test".parse().unwrap(),
            https: Https::Off,
            trusted_proxies: TrustedProxies::default(),
            limits: Limits::default(),
        };
        let entropy = || Arc::new(SeededEntropy::new(db.seed()));
        let state = AppState {
            store: db.store.clone(),
            settings: Arc::new(settings),
            clock: Arc::clone(&db.clock) as _,
            entropy: entropy(),
            hasher: Arc::new(PasswordHasher::new(PasswordCost::INSECURE, NonZeroUsize::MIN, entropy())),
            environment: Arc::new(environment),
            verifier: Arc::new(db.signer().verifier().clone()),
            notary: Arc::new(db.signer().notary()),
            outgoing: outgoing.clone(),
            pace: Arc::default(),
            spool: Spool::new(db.folder().join("exports"), None),
            cabinet: bailiwick_ops::documents::Cabinet::new(
                db.folder().join("documents"),
                64 * 1024 * 1024,
                None,
            ),
            jobs: JobBoard::default(),
            reach: Reach::default(),
            outside: bailiwick_ops::integrations::Outside::default(),
        };
        Self {
            app: crate::routes_with(&outgoing).into_app(state).unwrap(),
            jar: BTreeMap::new(),
            referer: None,
            agent: "",
        }
    }

    /// The browser of somebody who is signed in.
    pub(super) fn of(actor: &Actor) -> Self {
        let mut browser = Self::new(&actor.db);
        browser.jar.insert(cookies::SESSION.to_owned(), actor.present_token());
        browser
    }

    /// The value of a cookie that it holds.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.jar.get(name).map(String::as_str)
    }

    /// Opens an address.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a form with the CSRF token of the start of the session or visit.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let pairs = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied());
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends what the API takes, with the CSRF token.
    pub(super) async fn call(&mut self, path: &str, body: Option<&serde_json::Value>) -> Answer {
        let csrf = self.csrf().await;
        let mut request = Request::post(path).header("x-csrf-token", csrf);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a part of something, with the CSRF token.
    pub(super) async fn put(&mut self, path: &str, range: &str, octets: &[u8]) -> Answer {
        let csrf = self.csrf().await;
        let request = Request::put(path).header("x-csrf-token", csrf).header(header::CONTENT_RANGE, range);
        self.send(request.body(Body::from(octets.to_vec())).unwrap()).await
    }

    /// Sends a form with a file, with the CSRF token in front or, where `token` says so, another one.
    pub(super) async fn post_file(
        &mut self,
        path: &str,
        token: Option<&str>,
        fields: &[(&str, &str)],
        name: &str,
        octets: &[u8],
    ) -> Answer {
        let csrf = self.csrf().await;
        let mut body = Vec::new();
        for (field, value) in [("csrf", token.unwrap_or(&csrf))].iter().chain(fields) {
            let part =
                format!("--b0undary\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/html\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(octets);
        body.extend_from_slice(b"\r\n--b0undary--\r\n");
        self.post_parts(path, body).await
    }

    /// Sends what calls itself a form with a file.
    pub(super) async fn post_parts(&mut self, path: &str, body: Vec<u8>) -> Answer {
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=b0undary");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// As [`post`](Self::post), from the page at `from`.
    pub(super) async fn post_from(&mut self, from: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.referer = Some(format!("https://bailiwick.test{from}"));
        let answer = self.post(path, fields).await;
        self.referer = None;
        answer
    }

    /// The same browser, which claims to be this one.
    pub(super) fn claiming(mut self, agent: &'static str) -> Self {
        self.agent = agent;
        self
    }

    /// The token that any page shows, the page of an error included.
    async fn csrf(&mut self) -> String {
        let page = self.get("/nothing-here").await;
        page.between("x-csrf-token\":\"", "\"")
            .or_else(|| page.between("x-csrf-token&#34;:&#34;", "&#34;"))
            .unwrap_or_default()
    }

    async fn send(&mut self, mut request: Request<Body>) -> Answer {
        let jar: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !jar.is_empty() {
            request.headers_mut().insert(header::COOKIE, jar.join("; ").parse().unwrap());
        }
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        request.headers_mut().insert(header::HOST, "bailiwick.test".parse().unwrap());
        request.headers_mut().insert(header::USER_AGENT, self.agent.parse().unwrap());
        if let Some(referer) = &self.referer {
            request.headers_mut().insert(header::REFERER, referer.parse().unwrap());
        }
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }
}

impl Answer {
    /// The page, which must have come.
    pub(super) fn page(self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        self.body
    }

    /// Where it leads; empty when nowhere.
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// The status and where it leads.
    pub(super) fn led(&self) -> (u16, &str) {
        (self.status.as_u16(), self.location())
    }

    /// The first text between two others.
    pub(super) fn between(&self, before: &str, after: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(before)?;
        rest.split_once(after).map(|(text, _)| text.to_owned())
    }

    /// Whether the page shows a text, as it is written there.
    pub(super) fn shows(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The attributes of a cookie that it sets.
    pub(super) fn sets(&self, name: &str) -> Option<&str> {
        let set = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        set.filter_map(|text| text.split_once('='))
            .find(|(set, _)| *set == name)
            .and_then(|(_, rest)| rest.split_once("; "))
            .map(|(_, attributes)| attributes)
    }
}

/// The first address in a page that begins with `from` and ends with `to`.
pub(super) fn href<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let mut hrefs = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs
        .find(|href| href.starts_with(from) && href.ends_with(to))
        .unwrap_or_else(|| panic!("no {from}…{to} in {page}"))
}
