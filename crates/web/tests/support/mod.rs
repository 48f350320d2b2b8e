//! The whole service over a test's database, without a network; shared by the tests of this crate.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod bodies;
pub(crate) mod stock;

use std::{num::NonZeroUsize, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header},
};
use bailiwick_domain::{
    posture::{DatabaseKind, TlsEndpoint, TlsMode},
    rule::CreateApiKey,
};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    posture::Environment,
};
use bailiwick_testkit::{Actor, Db, Tenant};
use bailiwick_vault::{
    entropy::SeededEntropy,
    password::{PasswordCost, PasswordHasher},
    token::{RandomToken, SessionToken},
};
use bailiwick_web::{
    bootstrap::App,
    limits::Limits,
    state::{AppState, Https, Outgoing, Settings, TrustedProxies},
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::Value;
use tower::ServiceExt;

/// Whoever sends a request.
#[derive(Clone)]
pub(crate) enum Caller {
    /// A browser that has not signed in.
    Nobody,
    /// A browser with this session.
    Browser(String),
    /// A program with this key.
    Program(String),
}

impl From<&Actor> for Caller {
    fn from(actor: &Actor) -> Self {
        Self::Browser(actor.present_token())
    }
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    /// Nothing.
    Nothing,
    /// A JSON body.
    Json(Value),
    /// A form, to which the browser's CSRF token is added.
    Form(Vec<(&'static str, String)>),
    /// A form with a file of this name, to which the browser's CSRF token is added.
    File(String),
}

/// The service.
#[derive(Clone)]
pub(crate) struct Service(App);

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Service {
    /// Every route over the test's database.
    pub(crate) fn over(db: &Db) -> Self {
        Self::within(db, Limits::default())
    }

    /// The same with other limits.
    pub(crate) fn within(db: &Db, limits: Limits) -> Self {
        let settings = Settings {
            public_url: "https://bailiwick.test".parse().unwrap(),
            https: Https::Off,
            trusted_proxies: TrustedProxies::default(),
            limits,
        };
        let environment = Environment {
            key_provider: "root key file".into(),
            key_provider_managed: false,
            key_rotation: false,
            https_enforced: true,
            hsts: true,
            tls: TlsEndpoint::Native,
            database: match db.kind() {
                bailiwick_store::DatabaseKind::Sqlite => DatabaseKind::Sqlite,
                bailiwick_store::DatabaseKind::Postgres => DatabaseKind::Postgres,
            },
            database_tls: TlsMode::Disable,
            separate_owner: db.kind() == bailiwick_store::DatabaseKind::Postgres,
            archive: false,
        };
        let state = AppState {
            store: db.store.clone(),
            settings: Arc::new(settings),
            clock: Arc::clone(&db.clock) as _,
            entropy: Arc::new(SeededEntropy::new(db.seed())),
            hasher: Arc::new(PasswordHasher::new(
                PasswordCost::INSECURE,
                NonZeroUsize::MIN,
                Arc::new(SeededEntropy::new(db.seed())),
            )),
            environment: Arc::new(environment),
            verifier: Arc::new(db.signer().verifier().clone()),
            notary: Arc::new(db.signer().notary()),
            outgoing: Outgoing::Nowhere,
            pace: Arc::default(),
            spool: bailiwick_ops::exports::Spool::new(db.folder().join("exports"), None),
            cabinet: bailiwick_ops::documents::Cabinet::new(
                db.folder().join("documents"),
                64 * 1024 * 1024,
                None,
            ),
            jobs: bailiwick_web::jobs::JobBoard::default(),
            reach: bailiwick_ops::audit::stream::Reach::default(),
            outside: bailiwick_ops::integrations::Outside::default(),
        };
        Self(bailiwick_web::routes().into_app(state).unwrap())
    }

    /// Sends what `caller` would send.
    pub(crate) async fn send(&self, caller: &Caller, method: &Method, path: &str, sent: Sent) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        let csrf = match caller {
            Caller::Nobody => {
                let token = RandomToken::generate(&SeededEntropy::new(7));
                request = request.header(header::COOKIE, format!("__Host-bailiwick-pre={}", *token.expose()));
                BASE64_URL_SAFE_NO_PAD.encode(token.hash().as_bytes())
            }
            Caller::Browser(session) => {
                request = request.header(header::COOKIE, format!("__Host-bailiwick={session}"));
                SessionToken::parse(session).unwrap().csrf().as_str().to_owned()
            }
            Caller::Program(key) => {
                request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
                String::new()
            }
        };
        if *method != Method::GET && *method != Method::HEAD {
            request = request.header("x-csrf-token", &csrf);
        }
        let body = match sent {
            Sent::Nothing => Body::empty(),
            Sent::Json(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            Sent::Form(fields) => {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                let pairs = fields.into_iter().chain([("csrf", csrf)]);
                Body::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
            }
            Sent::File(name) => {
                request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b0undary");
                Body::from(format!(
                    "--b0undary\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
                     --b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\ncontent\r\n\
                     --b0undary--\r\n"
                ))
            }
        };
        self.raw(request.body(body).unwrap()).await
    }

    /// Reads an address.
    pub(crate) async fn get(&self, caller: &Caller, path: &str) -> Answer {
        self.send(caller, &Method::GET, path, Sent::Nothing).await
    }

    /// Sends any request, to the public address. What replaces something takes whatever is there, unless the request says what it has read.
    pub(crate) async fn raw(&self, mut request: Request<Body>) -> Answer {
        if *request.method() == Method::PUT {
            request.headers_mut().entry(header::IF_MATCH).or_insert(HeaderValue::from_static("*"));
        }
        self.as_it_is(request).await
    }

    /// Sends a request as it is, to the public address.
    pub(crate) async fn as_it_is(&self, mut request: Request<Body>) -> Answer {
        request.headers_mut().insert(header::HOST, "bailiwick.test".parse().unwrap());
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{} {error}: {}", self.status, self.text()))
    }

    /// A header as text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether it leads to the sign-in.
    pub(crate) fn leads_to_sign_in(&self) -> bool {
        self.status == StatusCode::SEE_OTHER && self.header("location").starts_with("/sign-in")
    }

    /// Whether it leads to the second factor that has to be set up first.
    pub(crate) fn leads_to_enrolment(&self) -> bool {
        self.status == StatusCode::SEE_OTHER && self.header("location") == "/enrol/factor"
    }

    /// Whether what was asked for was done or shown.
    pub(crate) fn is_done(&self) -> bool {
        let led_away = self.leads_to_sign_in() || self.leads_to_enrolment();
        self.status.is_success() || self.status.is_redirection() && !led_away
    }
}

/// A key of `tenant` with every permission that a key can carry.
pub(crate) async fn full_key(tenant: &Tenant) -> String {
    let catalogue = tenant.db.store.catalogue();
    let scopes = catalogue.names(catalogue.tenant_permissions()).into_iter().map(str::to_owned).collect();
    let new = NewApiKey {
        name: "Everything".into(),
        scopes,
        expires_at: None,
        tag: Some("all".into()),
        ..NewApiKey::default()
    };
    let permit = tenant.owner().permit::<CreateApiKey>().await;
    let (_, secret) = api_keys::create(&tenant.db.store, &permit, new).await.unwrap();
    secret.expose().to_owned()
}
