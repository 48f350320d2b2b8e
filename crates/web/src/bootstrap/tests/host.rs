//! The name under which the server answers.

use axum::{Router, http::Version, routing::get};

use super::*;

const JSON: (&str, &str) = ("accept", "application/json");

/// What a request with these header fields comes to.
async fn status(app: &App, method: &str, uri: &str, headers: &[(&str, &str)]) -> u16 {
    send(app, bare(method, uri, headers, Body::empty())).await.status.as_u16()
}

/// Under a name of somebody else a browser takes their page and ours for one site.
#[tokio::test]
async fn nobody_is_answered_under_a_name_of_their_own() {
    let forwarded = ("x-forwarded-host", "admin.example.com");
    for (headers, expected) in [
        (vec![HOST], 200),
        (vec![("host", "ADMIN.example.com:443")], 200),
        (vec![HOST, ("x-forwarded-host", "evil.example")], 200),
        (vec![("host", "evil.example")], 421),
        (vec![("host", "evil.example"), ("origin", "https://evil.example")], 421),
        (vec![("host", "evil.example"), forwarded], 421),
        (vec![("host", "admin.example.com:8443")], 421),
        (vec![("host", "127.0.0.1")], 421),
        (vec![("host", "")], 421),
        (vec![], 421),
        (vec![forwarded], 421),
        (vec![HOST, ("host", "evil.example")], 421),
    ] {
        for method in ["GET", "POST"] {
            assert_eq!(status(&site(), method, "/page", &headers).await, expected, "{method} {headers:?}");
        }
    }
    let asset = crate::assets::href("app.css");
    assert_eq!(status(&site(), "GET", asset, &[("host", "evil.example")]).await, 421, "not even a file");
}

#[tokio::test]
async fn the_target_of_a_request_names_the_host_as_well() {
    let both = |target: &str| format!("https://{target}/page");
    assert_eq!(status(&site(), "GET", &both("admin.example.com"), &[]).await, 200);
    assert_eq!(status(&site(), "GET", &both("admin.example.com"), &[HOST]).await, 200);
    assert_eq!(status(&site(), "GET", &both("evil.example"), &[HOST]).await, 421);
    assert_eq!(status(&site(), "GET", &both("admin.example.com"), &[("host", "evil.example")]).await, 421);
    let mut second = bare("GET", &both("evil.example"), &[], Body::empty());
    *second.version_mut() = Version::HTTP_2;
    assert_eq!(send(&site(), second).await.status.as_u16(), 421);
}

#[tokio::test]
async fn a_refused_name_is_answered_like_any_other_refusal() {
    let answer = send(&site(), bare("GET", "/page", &[("host", "evil.example"), JSON], Body::empty())).await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.body.contains("urn:bailiwick:problem:misdirected"), "{}", answer.body);
    assert!(answer.header("content-security-policy").is_some() && answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_load_balancer_asks_a_machine_by_its_address() {
    let router =
        Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(|| async { "ok" }));
    let app = app(settings(), router);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(status(&app, "GET", path, &[("host", "10.0.0.7:8080")]).await, 200, "{path}");
    }
    assert_eq!(status(&app, "GET", "/healthz/x", &[("host", "10.0.0.7:8080")]).await, 421);
}

#[tokio::test]
async fn a_machine_of_ones_own_answers_to_its_three_names() {
    let settings = Settings { public_url: "http://localhost:8080".parse().unwrap(), ..settings() };
    let router = Router::new().route("/page", get(|| async { "page" }).post(|| async { "done" }));
    let app = app(settings, router);
    for name in ["localhost", "127.0.0.1", "[::1]"] {
        let (host, origin) = (format!("{name}:8080"), format!("http://{name}:8080"));
        let own = [("host", host.as_str()), ("origin", origin.as_str())];
        assert_eq!(status(&app, "POST", "/page", &own).await, 200, "{name}");
        let other = [("host", host.as_str()), ("origin", "http://evil.example:8080")];
        assert_eq!(status(&app, "POST", "/page", &other).await, 403, "{name}");
    }
    assert_eq!(status(&app, "GET", "/page", &[("host", "rebound.example:8080")]).await, 421);
}
