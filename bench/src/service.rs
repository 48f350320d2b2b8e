//! The complete service in this process, and who asks it.

use std::{
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use bailiwick_domain::{clock::Clock, posture};
use bailiwick_ops::{audit::stream::Reach, documents::Cabinet, posture::Environment};
use bailiwick_store::DatabaseKind;
use bailiwick_vault::{
    entropy::SystemEntropy,
    password::{PasswordCost, PasswordHasher},
};
use bailiwick_web::{
    bootstrap::App,
    limits::Limits,
    state::{AppState, Https, Outgoing, Settings, TrustedProxies},
};
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use tower::ServiceExt;

use crate::{
    Result,
    clock::SystemClock,
    latency::Latencies,
    stage::{Open, PASSWORD, Tenant},
};

/// The complete service over the stage's store; `hashes` is how many passwords it hashes at once, at the default cost.
pub(crate) async fn app(open: &Open, kind: DatabaseKind, hashes: NonZeroUsize) -> Result<App> {
    with_documents(open, kind, hashes, Cabinet::new("documents".into(), 1 << 30, None)).await
}

/// As [`app`], with the folder of its documents.
pub(crate) async fn with_documents(
    open: &Open,
    kind: DatabaseKind,
    hashes: NonZeroUsize,
    cabinet: Cabinet,
) -> Result<App> {
    let settings = Settings {
        public_url: "http://localhost".parse()?,
        https: Https::Off,
        trusted_proxies: TrustedProxies::parse([""; 0])?,
        limits: Limits::default(),
    };
    let environment = Environment {
        key_provider: "a root key in a file".to_owned(),
        key_provider_managed: false,
        key_rotation: false,
        https_enforced: false,
        hsts: false,
        tls: posture::TlsEndpoint::None,
        database: match kind {
            DatabaseKind::Sqlite => posture::DatabaseKind::Sqlite,
            DatabaseKind::Postgres => posture::DatabaseKind::Postgres,
        },
        database_tls: posture::TlsMode::Disable,
        separate_owner: kind == DatabaseKind::Postgres,
        archive: false,
    };
    let hasher = hasher(hashes);
    let signer = open.signer().await?;
    let state = AppState {
        store: open.store.clone(),
        settings: Arc::new(settings),
        clock: Arc::new(SystemClock) as Arc<dyn Clock>,
        entropy: Arc::new(SystemEntropy),
        hasher: Arc::new(hasher),
        environment: Arc::new(environment),
        verifier: Arc::new(signer.verifier().clone()),
        notary: Arc::new(signer.notary()),
        outgoing: Outgoing::Nowhere,
        reach: Reach::default(),
        outside: bailiwick_ops::integrations::Outside::default(),
        pace: Arc::default(),
        cabinet,
        // Nothing is exported here.
        spool: bailiwick_ops::exports::Spool::new("exports".into(), None),
        jobs: bailiwick_web::jobs::JobBoard::default(),
    };
    Ok(bailiwick_web::routes().into_app(state)?)
}

/// Hashes passwords at the cost that the product has without any settings.
pub(crate) fn hasher(hashes: NonZeroUsize) -> PasswordHasher {
    PasswordHasher::new(PasswordCost::default(), hashes, Arc::new(SystemEntropy))
}

/// Asks for a page, one request after the other, as the owner of the tenant.
pub(crate) async fn ask(app: &App, tenant: &Tenant, path: &str, requests: usize) -> Result<Latencies> {
    let cookie = format!("__Host-bailiwick={}", tenant.token);
    let mut latencies = Latencies::default();
    for _ in 0..requests {
        let request = Request::get(path).header("host", "localhost").header("cookie", &cookie);
        let request = request.header("accept", "text/html").body(Empty::new())?;
        let began = Instant::now();
        let answer = app.clone().oneshot(request).await?;
        let status = answer.status();
        let page = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        latencies.add(began.elapsed());
        if status != StatusCode::OK || page.len() < 1000 {
            return Err(format!("GET {path} answered {status} with {} octets", page.len()).into());
        }
    }
    Ok(latencies)
}

/// A browser before the form of the sign-in, with what came with it.
#[derive(Clone)]
pub(crate) struct Visitor {
    cookie: String,
    csrf: String,
}

impl Visitor {
    /// Opens the form.
    pub(crate) async fn new(app: &App) -> Result<Self> {
        let request = Request::get("/sign-in").header("host", "localhost").header("accept", "text/html");
        let answer = app.clone().oneshot(request.body(Empty::new())?).await?;
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let cookie = cookies
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .find(|pair| pair.starts_with("__Host-bailiwick-pre="))
            .ok_or("the form of the sign-in came without a cookie")?
            .to_owned();
        let page = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        let page = String::from_utf8_lossy(&page);
        let csrf = page
            .split_once(r#"name="csrf" value=""#)
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(token, _)| token.to_owned())
            .ok_or("the form of the sign-in has no token")?;
        Ok(Self { cookie, csrf })
    }

    /// Sends the form with the right password, and says how long the answer took.
    ///
    /// # Errors
    /// When it does not lead into the product.
    pub(crate) async fn signs_in(&self, app: &App, address: &str) -> Result<Duration> {
        let form = format!(
            "csrf={}&next=%2F&address={}&password={}",
            self.csrf,
            address.replace('@', "%40"),
            PASSWORD.replace(' ', "+")
        );
        let request = Request::post("/sign-in")
            .header("host", "localhost")
            .header("accept", "text/html")
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)?;
        let began = Instant::now();
        let answer = app.clone().oneshot(request).await?;
        let took = began.elapsed();
        match answer.status() {
            StatusCode::SEE_OTHER => Ok(took),
            status => Err(format!("POST /sign-in answered {status}").into()),
        }
    }
}
