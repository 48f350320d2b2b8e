//! The bootstrap in front of small handlers, without a store.

mod answers;
mod bounds;
mod changes;
mod host;
mod transport;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
    response::Html,
    routing::get,
};
use bailiwick_domain::{
    clock::{Clock, Entropy},
    time::Timestamp,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::{App, TrustedProxies, app::Ground};
use crate::{
    limits::Limits,
    rates::Rates,
    shell::Site,
    state::{Https, Settings},
};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-21T22:14:03Z").unwrap()
    }
}

/// Counts, so that nothing that is drawn is equal.
#[derive(Default)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(drawn.iter().rev().cycle()).for_each(|(to, from)| *to = *from);
    }
}

fn settings() -> Settings {
    Settings {
        public_url: "https://admin.example.com".parse().unwrap(),
        https: Https::Off,
        trusted_proxies: TrustedProxies::default(),
        limits: Limits::default(),
    }
}

fn app(settings: Settings, router: Router) -> App {
    let in_flight = Arc::new(Semaphore::new(settings.limits.in_flight));
    let large = Arc::new(Semaphore::new(settings.limits.large));
    let rates = Rates::new(&settings.limits.rates, Arc::new(Still));
    let ground = Ground {
        settings: Arc::new(settings),
        clock: Arc::new(Still),
        entropy: Arc::new(Counting::default()),
        site: Arc::new(Site::default()),
        in_flight,
        large,
        rates,
    };
    App::behind(ground, router)
}

/// A site with one page, `/page`, which also takes POST.
fn site() -> App {
    app(
        settings(),
        Router::new().route("/page", get(|| async { Html("<p>page</p>") }).post(|| async { "done" })),
    )
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

async fn send(app: &App, request: Request) -> Answer {
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1_000_000).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// The public address of [`settings`], which a request names unless a test says otherwise.
const HOST: (&str, &str) = ("host", "admin.example.com");

fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    let mut all = headers.to_vec();
    if !headers.iter().any(|(name, _)| *name == HOST.0) {
        all.push(HOST);
    }
    bare(method, uri, &all, body)
}

/// A request with these header fields and no other.
fn bare(method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request {
    let request = Request::builder().method(method).uri(uri);
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(body.into())
        .unwrap()
}

async fn read(app: &App, uri: &str, headers: &[(&str, &str)]) -> Answer {
    send(app, request("GET", uri, headers, Body::empty())).await
}

async fn write(app: &App, uri: &str, headers: &[(&str, &str)]) -> Answer {
    send(app, request("POST", uri, headers, Body::empty())).await
}
