//! What is sent again under the same key is done once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::{role::Role, time::Span};
use bailiwick_store::kept_answers;
use bailiwick_testkit::both_databases;
use serde_json::{Value, json};
use support::{Answer, Caller, Service, full_key};

/// Sends a body under a key, as a program.
async fn post(service: &Service, program: &str, path: &str, key: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {program}"))
        .header("idempotency-key", key);
    let request = if body.is_null() {
        request.body(Body::empty())
    } else {
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
    };
    service.raw(request.unwrap()).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == "true"
}

fn problem(answer: &Answer) -> (u16, String) {
    let problem = answer.json()["type"].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), problem.trim_start_matches("urn:bailiwick:problem:").to_owned())
}

async fn count(service: &Service, program: &str, path: &str) -> usize {
    let answer = service.get(&Caller::Program(program.to_owned()), path).await;
    answer.json()["items"].as_array().map_or(0, Vec::len)
}

both_databases! {
    async fn a_program_reads_the_first_answer_again(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let night = json!({"name": "Night shift"});
        let first = post(&service, &program, "/v1/teams", "\"a-1\"", night.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
        assert!(!is_replayed(&first));
        db.clock.advance(Span::hours(23));
        for key in ["\"a-1\"", "a-1"] {
            let again = post(&service, &program, "/v1/teams", key, night.clone()).await;
            assert!(again.status == StatusCode::CREATED && is_replayed(&again), "{}", again.text());
            assert_eq!((again.text(), again.header("location"), again.header("content-type")), (first.text(), first.header("location"), first.header("content-type")));
            assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        }
        assert_eq!(count(&service, &program, "/v1/teams").await, 1);
    }

    async fn an_answer_is_forgotten_after_a_day(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let first = post(&service, &program, "/v1/teams", "b-1", json!({"name": "Night shift"})).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
        assert_eq!(kept_answers::clear(&db.store).await.unwrap(), 0);
        db.clock.advance(Span::hours(24));
        let other = post(&service, &program, "/v1/teams", "b-1", json!({"name": "Day shift"})).await;
        assert!(other.status == StatusCode::CREATED && !is_replayed(&other), "{}", other.text());
        db.clock.advance(Span::hours(25));
        assert_eq!(kept_answers::clear(&db.store).await.unwrap(), 1);
        assert_eq!(kept_answers::clear(&db.store).await.unwrap(), 0);
    }

    async fn a_key_belongs_to_one_request_of_one_sender(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let first = post(&service, &program, "/v1/teams", "c-1", json!({"name": "Night shift"})).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
        for (path, body) in [
            ("/v1/teams", json!({"name": "Day shift"})),
            ("/v1/teams?again=1", json!({"name": "Night shift"})),
            ("/v1/roles", json!({"name": "Night shift"})),
        ] {
            let answer = post(&service, &program, path, "c-1", body).await;
            assert_eq!(problem(&answer), (422, "idempotency-key-reused".into()), "{path}");
        }
        let stranger = full_key(&other).await;
        let theirs = post(&service, &stranger, "/v1/teams", "c-1", json!({"name": "Day shift"})).await;
        assert!(theirs.status == StatusCode::CREATED && !is_replayed(&theirs), "{}", theirs.text());
    }

    async fn what_is_shown_once_is_shown_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let new = json!({"name": "Sync", "scopes": ["user:read"]});
        let before = count(&service, &program, "/v1/api-keys").await;
        // A key makes no keys; a person's program shows their session.
        let person = format!("session.{}", acme.owner().present_token());
        let first = post(&service, &person, "/v1/api-keys", "d-1", new.clone()).await;
        assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
        let again = post(&service, &person, "/v1/api-keys", "d-1", new.clone()).await;
        assert_eq!(problem(&again), (409, "already-done".into()));
        assert!(!again.text().contains(first.json()["secret"].as_str().unwrap()));
        assert_eq!(count(&service, &program, "/v1/api-keys").await, before + 1);
        let other = post(&service, &person, "/v1/api-keys", "d-2", json!({"name": "", "scopes": []})).await;
        let same = post(&service, &person, "/v1/api-keys", "d-2", json!({"name": "", "scopes": []})).await;
        assert_eq!((other.status.as_u16(), same.status.as_u16(), is_replayed(&same)), (422, 422, true), "no secret, no reason to hide it");
        assert_eq!(same.text(), other.text());
    }

    async fn what_was_refused_for_the_moment_may_be_sent_again(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let member = acme.add(Role::SupportCoordinator).await.id;
        let enable = format!("/v1/users/{member}/enable");
        let active = post(&service, &program, &enable, "e-1", Value::Null).await;
        assert_eq!(active.status, StatusCode::CONFLICT, "{}", active.text());
        let disabled = post(&service, &program, &format!("/v1/users/{member}/disable"), "e-2", Value::Null).await;
        assert_eq!(disabled.status, StatusCode::NO_CONTENT, "{}", disabled.text());
        let enabled = post(&service, &program, &enable, "e-1", Value::Null).await;
        assert_eq!((enabled.status, is_replayed(&enabled)), (StatusCode::NO_CONTENT, false), "{}", enabled.text());
        let again = post(&service, &program, &enable, "e-1", Value::Null).await;
        assert_eq!((again.status, is_replayed(&again)), (StatusCode::NO_CONTENT, true), "{}", again.text());
        let nobody = format!("/v1/users/{}/enable", acme.id());
        for replayed in [false, true] {
            let missing = post(&service, &program, &nobody, "e-3", Value::Null).await;
            assert_eq!((missing.status, is_replayed(&missing)), (StatusCode::NOT_FOUND, replayed));
        }
    }

    async fn whoever_may_not_any_more_reads_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program, keeper) = (Service::over(&db), full_key(&acme).await, full_key(&acme).await);
        let new = json!({"name": "Sync", "scopes": ["team:read", "team:update"]});
        let person = format!("session.{}", acme.owner().present_token());
        let made = post(&service, &person, "/v1/api-keys", "f-1", new).await;
        let (secret, id) = (made.json()["secret"].as_str().unwrap().to_owned(), made.json()["id"].as_str().unwrap().to_owned());
        let night = json!({"name": "Night shift"});
        assert_eq!(post(&service, &secret, "/v1/teams", "f-2", night.clone()).await.status, StatusCode::CREATED);
        let theirs = post(&service, &program, "/v1/teams", "f-2", night.clone()).await;
        assert!(!is_replayed(&theirs), "another key is another sender");
        let revoked = post(&service, &keeper, &format!("/v1/api-keys/{id}/revoke"), "f-3", Value::Null).await;
        assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text());
        assert_eq!(post(&service, &secret, "/v1/teams", "f-2", night).await.status, StatusCode::UNAUTHORIZED);
    }

    async fn what_only_asks_takes_any_key(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        for text in ["one", "two"] {
            let answer = post(&service, &program, "/v1/keys/verify", "g-1", json!({"key": text})).await;
            assert_eq!((answer.status, is_replayed(&answer)), (StatusCode::OK, false), "{}", answer.text());
        }
        let odd = post(&service, &program, "/v1/keys/verify", "not a key", json!({"key": "one"})).await;
        assert_eq!(odd.status, StatusCode::OK, "{}", odd.text());
    }

    async fn a_key_that_is_none_is_named(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        for key in ["", "a b", "\"a", &"a".repeat(256)] {
            let answer = post(&service, &program, "/v1/teams", key, json!({"name": "Night shift"})).await;
            assert_eq!(problem(&answer), (400, "bad-request".into()), "{key}");
        }
        assert_eq!(count(&service, &program, "/v1/teams").await, 0);
    }

    async fn of_two_at_once_one_is_served(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let night = json!({"name": "Night shift"});
        let (one, two) = tokio::join!(
            post(&service, &program, "/v1/teams", "h-1", night.clone()),
            post(&service, &program, "/v1/teams", "h-1", night.clone()),
        );
        let fresh = [&one, &two].into_iter().filter(|answer| answer.status == StatusCode::CREATED && !is_replayed(answer)).count();
        assert_eq!(fresh, 1, "{} {}", one.text(), two.text());
        for answer in [one, two].iter().filter(|answer| answer.status != StatusCode::CREATED) {
            assert_eq!(problem(answer), (409, "idempotency-running".into()));
            assert_eq!(answer.header("retry-after"), "1");
        }
        assert!(is_replayed(&post(&service, &program, "/v1/teams", "h-1", night).await));
        assert_eq!(count(&service, &program, "/v1/teams").await, 1);
    }
}

#[test]
fn every_post_that_changes_says_what_a_key_does() {
    let document: Value = serde_json::from_str(&bailiwick_web::openapi()).unwrap();
    let mut without = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(post) = methods.get("post") else { continue };
        let open = post["security"] == json!([]);
        let takes = post["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key"));
        assert!(!(open && takes), "{path}");
        if !open && !takes {
            without.push(path.as_str());
        }
    }
    assert_eq!(
        without,
        [
            "/v1/audit/events",
            "/v1/audit/intake/try",
            "/v1/authorize",
            "/v1/keys/verify",
            "/v1/me/enrolment/passkey/begin",
            "/v1/me/passkeys/begin",
            "/v1/me/proof/passkey/begin",
            "/v1/secrets/scan",
            "/v1/sessions/introspect",
        ]
    );
}
