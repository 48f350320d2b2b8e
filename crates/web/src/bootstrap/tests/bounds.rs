//! Sizes, time, and how many at once.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Bytes, HttpBody},
    routing::{get, post},
};
use http_body::Frame;
use tokio::sync::Notify;

use super::*;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("accept", "application/json");

fn small() -> App {
    let limits = Limits {
        body: 1000,
        form: 100,
        form_fields: 4,
        // One of them is Host.
        headers: 9,
        header_octets: 400,
        uri: 60,
        ..Limits::default()
    };
    let router = Router::new()
        .route("/form", post(|body: Bytes| async move { body }))
        .route("/body", post(|body: Bytes| async move { body }));
    app(Settings { limits, ..settings() }, router)
}

/// A body that does not say how long it is: chunks of 50 octets, then its end or nothing more.
struct Chunks {
    left: usize,
    ends: bool,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;
    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 50])))))
            }
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn streamed(octets: usize) -> Body {
    Body::new(Chunks { left: octets / 50, ends: true })
}

#[tokio::test]
async fn a_form_arrives_whole_at_its_handler() {
    let answer = send(&small(), request("POST", "/form", &[FORM], "csrf=t&a=1&b=%20")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "csrf=t&a=1&b=%20"));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let form = |body: Body| request("POST", "/form", &[FORM, JSON], body);
    let body = |body: Body| request("POST", "/body", &[JSON], body);
    for (request, status) in [
        (form("a".repeat(100).into()), 200),
        (form("a".repeat(101).into()), 413),
        (form(streamed(200)), 413),
        (form("a=&b=&c=&d=".into()), 200),
        (form("a=&b=&c=&d=&e=".into()), 413),
        (body("a".repeat(1000).into()), 200),
        (body("a".repeat(1001).into()), 413),
        (body(streamed(1000)), 200),
        (body(streamed(2000)), 413),
    ] {
        let uri = request.uri().clone();
        let answer = send(&small(), request).await;
        assert_eq!(answer.status.as_u16(), status, "{uri}: {}", answer.body);
        assert_eq!(answer.header("content-type") == Some("application/problem+json"), status != 200);
    }
}

#[tokio::test]
async fn headers_and_addresses_have_bounds() {
    let many: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(|name| (name, "1")).to_vec();
    assert_eq!(read(&small(), "/form", &many).await.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(
        read(&small(), "/form", &[("a", &"x".repeat(401))]).await.status,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    );
    assert_eq!(
        read(&small(), &format!("/form?{}", "x".repeat(60)), &[]).await.status,
        StatusCode::URI_TOO_LONG
    );
    assert_eq!(
        read(&small(), "/form", &many[..8]).await.status,
        StatusCode::METHOD_NOT_ALLOWED,
        "eight fields pass"
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered() {
    let slow = || async { tokio::time::sleep(Duration::from_secs(3600)).await };
    let app = app(settings(), Router::new().route("/slow", get(slow).post(slow)));
    let answer = read(&app, "/slow", &[JSON]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("5")));
    assert_eq!(write(&app, "/slow", &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    for headers in [&[FORM][..], &[("content-type", "application/json")], &[]] {
        let body = Body::new(Chunks { left: 1, ends: false });
        let answer = send(&small(), request("POST", "/form", headers, body)).await;
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{headers:?}");
    }
}

#[tokio::test]
async fn a_full_server_says_so_and_stays_alive() {
    let gate = Arc::new(Notify::new());
    let wait = {
        let gate = Arc::clone(&gate);
        move || async move { gate.notified().await }
    };
    let router = Router::new()
        .route("/wait", get(wait))
        .route("/healthz", get(|| async { "ok" }))
        .route("/page", get(|| async {}));
    let limits = Limits { in_flight: 1, ..Limits::default() };
    let app = app(Settings { limits, ..settings() }, router);
    let first = tokio::spawn({
        let app = app.clone();
        async move { read(&app, "/wait", &[]).await.status }
    });
    tokio::task::yield_now().await;
    let refused = read(&app, "/page", &[JSON]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    assert_eq!(read(&app, "/healthz", &[]).await.status, StatusCode::OK);
    gate.notify_one();
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    assert_eq!(read(&app, "/page", &[]).await.status, StatusCode::OK, "the place was given back");
}
