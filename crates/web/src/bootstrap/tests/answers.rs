//! What comes back: ids, headers, errors, cookies.

use axum::{Router, http::StatusCode, routing::get};

use super::*;
use crate::{
    access::cookies,
    assets,
    error::Error,
    forms::Problem,
    shell::{Message, SeeOther},
};

fn failing() -> App {
    let router = Router::new()
        .route("/page", get(|| async { Html("<p>page</p>") }))
        .route("/sign-in-first", get(|| async { Error::SignIn }).post(|| async { Error::SignIn }))
        .route("/second-factor", get(|| async { Error::SecondFactor }))
        .route("/internal", get(|| async { Error::Internal("password=hunter2".into()) }))
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("password=hunter2")
                }
            }),
        )
        .route("/busy", get(|| async { Error::Unavailable { retry_after_seconds: 7 } }))
        .route("/bare", get(|| async { (StatusCode::BAD_REQUEST, "axum says why in plain text: hunter2") }))
        .route("/invalid", get(|| async { Error::Invalid(vec![Problem::new("name", "Too long.")]) }))
        .route("/form", get(|| async { (StatusCode::UNPROCESSABLE_ENTITY, Html("<form>again</form>")) }))
        .route("/v1/key", get(|| async { Error::WrongKey }))
        .route("/done", get(|| async { SeeOther::to("/page").tell(Message::RoleChanged) }));
    app(settings(), router)
}

const HTML: (&str, &str) = ("accept", "text/html,*/*;q=0.8");
const JSON: (&str, &str) = ("accept", "application/json");

#[tokio::test]
async fn every_request_gets_an_id_of_its_own() {
    let site = site();
    let (first, second) =
        (read(&site, "/page", &[("x-request-id", "forged")]).await, read(&site, "/nothing", &[]).await);
    let (first, second) = (first.header("x-request-id").unwrap(), second.header("x-request-id").unwrap());
    assert_ne!(first, second);
    for id in [first, second] {
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().get_version_num(), 7);
    }
}

#[tokio::test]
async fn security_headers_are_the_reviewed_ones() {
    let mut page = read(&site(), "/page", &[]).await.headers;
    for varying in ["x-request-id", "set-cookie"] {
        page.remove(varying);
    }
    let lines: Vec<_> =
        page.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let asset = assets::href("app.css");
    for path in [
        "/page",
        "/nothing",
        "/page.html",
        "/.env",
        "/internal",
        "/panic",
        "/sign-in-first",
        "/v1/key",
        "/done",
        asset,
    ] {
        let answer = read(&failing(), path, &[]).await;
        for name in [
            "content-security-policy",
            "x-frame-options",
            "x-content-type-options",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "cache-control",
            "x-request-id",
        ] {
            assert!(answer.header(name).is_some(), "{path} without {name}");
        }
        let kept = if path == asset { "public, max-age=31536000, immutable" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
    }
}

#[tokio::test]
async fn person_gets_a_page_and_program_a_problem() {
    for (path, status) in [
        ("/nothing", 404),
        ("/internal", 500),
        ("/panic", 500),
        ("/busy", 503),
        ("/bare", 400),
        ("/.env", 404),
        ("/invalid", 422),
    ] {
        let page = read(&failing(), path, &[HTML]).await;
        assert_eq!(page.status.as_u16(), status, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert!(page.body.contains(page.header("x-request-id").unwrap()), "{path} does not name its request");
        let problem = read(&failing(), path, &[JSON]).await;
        assert_eq!(problem.status.as_u16(), status, "{path}");
        assert_eq!(problem.header("content-type"), Some("application/problem+json"), "{path}");
        let body: serde_json::Value = serde_json::from_str(&problem.body).unwrap();
        assert_eq!(body["status"], status);
        assert_eq!(body["instance"], format!("urn:uuid:{}", problem.header("x-request-id").unwrap()));
        for body in [page.body, problem.body] {
            assert!(!body.contains("hunter2"), "{path} shows a cause");
        }
    }
    assert_eq!(read(&failing(), "/busy", &[JSON]).await.header("retry-after"), Some("7"));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let answer = send(&site(), request("DELETE", "/page", &[JSON], Body::empty())).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
}

#[tokio::test]
async fn a_form_shown_again_stays_as_it_is() {
    let answer = read(&failing(), "/form", &[HTML]).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "<form>again</form>")
    );
}

#[tokio::test]
async fn visitor_is_led_to_the_sign_in_and_back() {
    let answer =
        read(&failing(), "/sign-in-first?role=auditor&q=a", &[HTML, ("x-forwarded-host", "evil.example")])
            .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), Some("/sign-in?next=%2Fsign-in-first%3Frole%3Dauditor%26q%3Da"));
    let factor = read(&failing(), "/second-factor", &[HTML]).await;
    assert_eq!(factor.header("location"), Some("/sign-in/code?next=%2Fsecond-factor"));
    let change = write(&failing(), "/sign-in-first", &[HTML]).await;
    assert_eq!(change.header("location"), Some("/sign-in"), "a change is not repeated by a redirect");
}

#[tokio::test]
async fn program_without_a_credential_is_told_what_to_send() {
    let answer = read(&failing(), "/sign-in-first", &[JSON]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"Bailiwick\""));
    let wrong = read(&failing(), "/v1/key", &[]).await;
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer realm=\"Bailiwick\", error=\"invalid_token\""));
}

#[tokio::test]
async fn script_of_ours_leaves_the_page_for_the_sign_in() {
    let ask = |current| [HTML, ("hx-request", "true"), ("hx-current-url", current)];
    let answer = read(&failing(), "/sign-in-first", &ask("https://admin.example.com/users?q=a")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("hx-redirect"), Some("/sign-in?next=%2Fusers%3Fq%3Da"));
    for elsewhere in [
        "https://evil.example/x",
        "https://admin.example.com.evil.example/x",
        "https://admin.example.com//evil.example",
    ] {
        let answer = read(&failing(), "/sign-in-first", &ask(elsewhere)).await;
        assert_eq!(answer.header("hx-redirect"), Some("/sign-in?next=%2Fsign-in-first"), "{elsewhere}");
    }
}

#[tokio::test]
async fn visitor_gets_one_cookie_with_the_first_page() {
    let first = read(&site(), "/page", &[HTML]).await;
    let [cookie] = first.cookies()[..] else { panic!("{:?}", first.cookies()) };
    assert!(
        cookie.starts_with("__Host-bailiwick-pre=")
            && cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    assert!(read(&site(), "/page", &[HTML, ("cookie", pair)]).await.cookies().is_empty());
    assert!(read(&site(), "/page", &[JSON]).await.cookies().is_empty());
    assert!(read(&site(), assets::href("app.css"), &[HTML]).await.cookies().is_empty());
    assert!(write(&site(), "/page", &[HTML]).await.cookies().is_empty());
}

#[tokio::test]
async fn a_page_carries_the_token_of_the_cookie_it_comes_with() {
    let page = read(&site(), "/nothing", &[HTML]).await;
    let cookie = page.cookies()[0].split(';').next().unwrap().to_owned();
    let again = read(&site(), "/nothing", &[HTML, ("cookie", &cookie)]).await;
    let token = |body: &str| body.split("x-csrf-token").nth(1).unwrap().chars().take(60).collect::<String>();
    assert_eq!(token(&page.body), token(&again.body));
    let other = read(&site(), "/nothing", &[HTML, ("cookie", "a=b")]).await;
    assert_eq!(token(&other.body).len(), 60);
}

#[tokio::test]
async fn a_message_is_shown_once() {
    let answer = read(&failing(), "/done", &[HTML]).await;
    let cookie =
        answer.cookies().into_iter().find(|cookie| cookie.starts_with(cookies::FLASH)).unwrap().to_owned();
    let pair = cookie.split(';').next().unwrap();
    let page = read(&failing(), "/nothing", &[HTML, ("cookie", pair)]).await;
    assert!(page.body.contains("The role was changed."));
    assert!(
        page.cookies()
            .iter()
            .any(|cookie| cookie.starts_with("__Host-bailiwick-flash=;") && cookie.contains("Max-Age=0"))
    );
    let part = read(&failing(), "/page", &[HTML, ("hx-request", "true"), ("cookie", pair)]).await;
    assert!(part.cookies().is_empty(), "a part of a page does not show it, so it stays");
}
