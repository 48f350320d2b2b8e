//! TLS, proxies and redirects.

use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::get};

use super::*;
use crate::bootstrap::Transport;

fn enforced() -> App {
    let settings = Settings {
        https: Https::Enforced,
        trusted_proxies: TrustedProxies::parse(["10.0.0.0/8"]).unwrap(),
        ..settings()
    };
    let router = Router::new()
        .route("/page", get(|| async { Html("<p>page</p>") }).post(|| async { "done" }))
        .route("/healthz", get(|| async { "ok" }));
    app(settings, router)
}

fn from(peer: &str, mut request: Request) -> Request {
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

#[tokio::test]
async fn reading_in_the_clear_leads_to_the_public_address() {
    for host in ["admin.example.com", "evil.example", ""] {
        let answer =
            read(&enforced(), "/page?a=1", &[("host", host), ("x-forwarded-host", "evil.example")]).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.header("location"), Some("https://admin.example.com/page?a=1"), "{host}");
        assert!(answer.header("strict-transport-security").is_some());
    }
    let absolute = read(&enforced(), "http://evil.example/page", &[]).await;
    assert_eq!(absolute.header("location"), Some("https://admin.example.com/page"));
}

#[tokio::test]
async fn writing_in_the_clear_is_refused_and_never_redirected() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let answer =
            send(&enforced(), request(method, "/page", &[("accept", "application/json")], "secret")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method}");
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
}

#[tokio::test]
async fn health_is_answered_in_the_clear() {
    assert_eq!(read(&enforced(), "/healthz", &[]).await.status, StatusCode::OK);
    assert_eq!(read(&enforced(), "/healthz/x", &[]).await.status, StatusCode::PERMANENT_REDIRECT);
}

#[tokio::test]
async fn tls_counts_where_it_ends_here_or_at_a_trusted_proxy() {
    let tls = enforced().over(Transport::Tls);
    assert_eq!(read(&tls, "/page", &[]).await.status, StatusCode::OK);
    let forwarded = [("x-forwarded-proto", "https")];
    let trusted = send(&enforced(), from("10.1.2.3:4", request("GET", "/page", &forwarded, ""))).await;
    assert_eq!(trusted.status, StatusCode::OK);
    let anyone = send(&enforced(), from("198.51.100.7:4", request("GET", "/page", &forwarded, ""))).await;
    assert_eq!(anyone.status, StatusCode::PERMANENT_REDIRECT);
}

#[tokio::test]
async fn hsts_is_sent_where_tls_is_in_use() {
    assert_eq!(read(&site(), "/page", &[]).await.header("strict-transport-security"), None);
    let tls = read(&site().over(Transport::Tls), "/page", &[]).await;
    assert_eq!(tls.header("strict-transport-security"), Some("max-age=63072000; includeSubDomains"));
    assert!(read(&enforced(), "/nothing", &[]).await.header("strict-transport-security").is_some());
}

#[tokio::test]
async fn an_extension_is_redirected_on_this_very_site() {
    let answer =
        read(&site(), "/page.html?a=1&b=//evil.example", &[("x-forwarded-host", "evil.example")]).await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.header("location"), Some("/page?a=1&b=//evil.example"));
    let elsewhere = read(&site(), "//evil.example/page.html", &[]).await;
    assert_eq!((elsewhere.status, elsewhere.header("location")), (StatusCode::NOT_FOUND, None));
}
