//! Whoever asks too fast waits, and keeps nobody else waiting.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{role::Role, time::Span};
use bailiwick_testkit::both_databases;
use bailiwick_web::{
    limits::Limits,
    rates::{Measures, Rate, RateLimits},
};
use serde_json::json;
use support::{Caller, Sent, Service, full_key};

fn limits(caller: &str, tenant: &str) -> Limits {
    let rate = |text: &str| text.parse::<Rate>().ok();
    let requests = Measures { caller: rate(caller), tenant: rate(tenant), address: None };
    Limits { rates: RateLimits { requests, product: Measures::default() }, ..Limits::default() }
}

both_databases! {
    async fn a_program_that_asks_too_fast_is_told_when_to_come_back(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::within(&db, limits("1/m burst 2", "off"));
        let (program, other) = (Caller::Program(full_key(&acme).await), Caller::Program(full_key(&acme).await));
        for (remaining, seconds) in [(1, 60), (0, 120)] {
            let answer = service.get(&program, "/v1/users").await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=2;w=120");
            assert_eq!(answer.header("ratelimit"), format!("\"caller\";r={remaining};t={seconds}"));
        }
        let refused = service.get(&program, "/v1/users").await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
        assert_eq!(refused.json()["type"], "urn:bailiwick:problem:rate-limited");
        assert_eq!((refused.header("ratelimit-policy"), refused.header("ratelimit")), ("\"caller\";q=2;w=120", "\"caller\";r=0;t=60"));
        let post = service.send(&program, &Method::POST, "/v1/teams", Sent::Json(json!({"name": "Night shift"}))).await;
        assert_eq!(post.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(service.get(&other, "/v1/users").await.status, StatusCode::OK);
        db.clock.advance(Span::seconds(59));
        assert_eq!(service.get(&program, "/v1/users").await.status, StatusCode::TOO_MANY_REQUESTS);
        db.clock.advance(Span::seconds(1));
        assert_eq!(service.get(&program, "/v1/users").await.status, StatusCode::OK);
    }

    async fn an_organisation_that_asks_too_fast_keeps_no_other_waiting(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let service = Service::within(&db, limits("off", "1/h burst 2"));
        let people = [Caller::from(&acme.owner()), Caller::from(&acme.user(Role::Auditor).await)];
        for caller in &people {
            assert_eq!(service.get(caller, "/v1/me").await.status, StatusCode::OK);
        }
        let refused = service.get(&Caller::Program(full_key(&acme).await), "/v1/users").await;
        assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "3600"));
        assert_eq!(service.get(&Caller::from(&other.owner()), "/v1/me").await.status, StatusCode::OK);
        assert_eq!(service.get(&people[0], "/account").await.status, StatusCode::OK, "pages are not the API");
    }

    async fn what_the_product_asks_is_not_limited_unless_somebody_says_so(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::within(&db, limits("1/h burst 1", "1/h burst 1"));
        let program = Caller::Program(full_key(&acme).await);
        for _ in 0..5 {
            let answer = service.send(&program, &Method::POST, "/v1/keys/verify", Sent::Json(json!({"key": "x"}))).await;
            assert_eq!((answer.status, answer.header("ratelimit-policy")), (StatusCode::OK, ""), "{}", answer.text());
        }
        let product = Measures { caller: Some(Rate::a_second(1, 3)), ..Measures::default() };
        let limits = Limits { rates: RateLimits { requests: Measures::default(), product }, ..Limits::default() };
        let service = Service::within(&db, limits);
        for status in [200, 200, 200, 429] {
            let answer = service.send(&program, &Method::POST, "/v1/keys/verify", Sent::Json(json!({"key": "x"}))).await;
            assert_eq!(answer.status, status, "{}", answer.text());
        }
        assert_eq!(service.get(&program, "/v1/users").await.header("ratelimit-policy"), "");
    }
}
