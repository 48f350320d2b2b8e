//! Changes: where they may come from, and that they finish.

use std::time::Duration;

use axum::{Extension, Router, routing::post};
use tokio::sync::Notify;

use super::*;
use crate::bootstrap::FormFields;

const OWN: &str = "https://admin.example.com";

#[tokio::test]
async fn a_change_from_another_site_is_refused_whatever_else_it_carries() {
    for (headers, status) in [
        (vec![], 200),
        (vec![("origin", OWN)], 200),
        (vec![("origin", OWN), ("sec-fetch-site", "same-origin")], 200),
        (vec![("sec-fetch-site", "same-origin")], 200),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "https://evil.example"), ("x-csrf-token", "right")], 403),
        (vec![("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("origin", "https://other.example.com"), ("sec-fetch-site", "same-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("origin", "http://admin.example.com")], 403),
        (vec![("origin", "https://admin.example.com:444")], 403),
        (vec![("origin", "https://admin.example.com.evil.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![("origin", "null"), ("sec-fetch-site", "cross-site")], 403),
    ] {
        let answer = write(&site(), "/page", &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        if status == 403 {
            assert!(answer.body.contains("This request came from another site."), "{}", answer.body);
        }
        assert_eq!(
            read(&site(), "/page", &headers).await.status,
            StatusCode::OK,
            "reading is free: {headers:?}"
        );
    }
}

#[tokio::test]
async fn the_token_of_a_form_is_known_before_the_handler_runs() {
    async fn token(Extension(fields): Extension<FormFields>) -> String {
        fields.only("csrf").unwrap_or("none").to_owned()
    }
    let app = app(settings(), Router::new().route("/form", post(token)));
    let form = ("content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8");
    for (body, token) in [("a=1&csrf=t%2B", "t+"), ("a=1", "none"), ("csrf=a&csrf=b", "none"), ("", "none")] {
        assert_eq!(send(&app, request("POST", "/form", &[form], body)).await.body, token);
    }
    let json = send(&app, request("POST", "/form", &[("content-type", "application/json")], "csrf=t")).await;
    assert_eq!(json.status, StatusCode::INTERNAL_SERVER_ERROR, "nothing is read as a form that is none");
}

#[tokio::test(start_paused = true)]
async fn a_change_goes_on_although_its_client_has_gone() {
    let done = Arc::new(Notify::new());
    let work = {
        let done = Arc::clone(&done);
        move || async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            done.notify_one();
        }
    };
    let app = app(settings(), Router::new().route("/change", post(work)));
    let client = tokio::time::timeout(Duration::from_millis(1), write(&app, "/change", &[])).await;
    assert!(client.is_err(), "the client gave up");
    tokio::time::timeout(Duration::from_secs(5), done.notified()).await.unwrap();
}

#[tokio::test]
async fn a_change_that_panics_is_an_internal_error() {
    let app = app(
        settings(),
        Router::new().route(
            "/change",
            post(|| async {
                if true {
                    panic!("hunter2")
                }
            }),
        ),
    );
    let answer = write(&app, "/change", &[]).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.body.contains("hunter2"));
}
