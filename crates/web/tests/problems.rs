//! The shape of every problem that a program can meet (RFC 9457), reviewed as snapshots.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::{role::Role, time::Span};
use bailiwick_testkit::both_databases;
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, full_key};

/// The problem without what differs from request to request.
fn shape(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let mut problem = answer.json();
    assert_eq!(problem["status"], answer.status.as_u16());
    let id = problem["instance"].as_str().and_then(|urn| urn.strip_prefix("urn:uuid:")).map(str::to_owned);
    assert_eq!(id.as_deref(), Some(answer.header("x-request-id")), "the problem names its request");
    problem["instance"] = "urn:uuid:[request]".into();
    if let Some(asked) = problem.get_mut("step_up") {
        for (member, length) in [("id", 36), ("digest", 14)] {
            assert_eq!(asked[member].as_str().map(str::len), Some(length));
            asked[member] = format!("[{member}]").into();
        }
    }
    problem
}

both_databases! {
    async fn program_reads_the_same_shape_whatever_went_wrong(db: Db) {
        let (acme, platform) = (db.tenant("acme").await, db.platform().await);
        let service = Service::over(&db);
        // Of those who ask for something that takes a proof of the last ten minutes, only this one gave theirs before.
        let stale = Caller::from(&acme.user(Role::SupportCoordinator).await);
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        let program = Caller::Program(full_key(&acme).await);
        let dormant = db.tenant("dormant").await;
        platform.suspend(dormant.id()).await;
        db.clock.advance(Span::minutes(10));
        let owner = Caller::from(&acme.user(Role::TenantOwner).await);
        let member = acme.add(Role::SupportCoordinator).await.id;
        let post = |path: &'static str, body: Value| (Method::POST, path.to_owned(), Sent::Json(body));
        let operator = Caller::from(&platform.owner());
        let suspend = |path: String| (Method::POST, path, Sent::Json(json!({"reason": "They did not pay."})));
        let mut shapes = Vec::new();
        for (caller, (method, path, sent)) in [
            (&owner, (Method::GET, "/v1/audit/events?outcome=good".to_owned(), Sent::Nothing)),
            (&Caller::Nobody, (Method::GET, "/v1/me".to_owned(), Sent::Nothing)),
            (&Caller::Program("bw_live_abc_0".into()), (Method::GET, "/v1/me".to_owned(), Sent::Nothing)),
            (&auditor, post("/v1/invitations", json!({"email": "guest@example.com", "role": "auditor"}))),
            (&Caller::from(&dormant.owner()), (Method::GET, "/v1/me".to_owned(), Sent::Nothing)),
            (&owner, (Method::GET, "/v1/nothing".to_owned(), Sent::Nothing)),
            (&operator, suspend(format!("/v1/tenants/{}/suspend", acme.id()))),
            (&owner, (Method::DELETE, "/v1/users".to_owned(), Sent::Nothing)),
            (&owner, (Method::POST, format!("/v1/users/{member}/enable"), Sent::Nothing)),
            (&owner, (Method::POST, "/v1/invitations".to_owned(), Sent::Form(vec![("email", "guest@example.com".to_owned())]))),
            (&owner, post("/v1/invitations", json!({"email": "guest", "role": "king"}))),
            (&owner, post("/v1/invitations", json!({"email": "guest@example.com", "role": "auditor", "admin": true}))),
            (&owner, post("/v1/api-keys", json!({"name": "", "scopes": ["user:read", "user:*", "hunter2"]}))),
            (&owner, post("/v1/api-keys", json!({"name": "", "scopes": [], "tag": "!"}))),
            (&program, (Method::GET, "/v1/tenants".to_owned(), Sent::Nothing)),
            (&program, (Method::DELETE, "/v1/me/sessions".to_owned(), Sent::Nothing)),
            (&stale, (Method::DELETE, "/v1/me/sessions".to_owned(), Sent::Nothing)),
        ] {
            let answer = service.send(caller, &method, &path, sent).await;
            let path = path.replace(&member.to_string(), "[user]").replace(&acme.id().to_string(), "[tenant]");
            shapes.push(json!({"request": format!("{method} {path}"), "problem": shape(&answer)}));
        }
        insta::assert_json_snapshot!("problems", shapes);
    }

    async fn browser_without_its_token_changes_nothing_through_the_api(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = acme.owner();
        for token in [None, Some(""), Some("wrong")] {
            let mut request = Request::builder().method(Method::POST).uri("/v1/invitations");
            request = request.header(header::COOKIE, format!("__Host-bailiwick={}", owner.token));
            request = request.header(header::CONTENT_TYPE, "application/json");
            if let Some(token) = token {
                request = request.header("x-csrf-token", token);
            }
            let body = json!({"email": "guest@example.com", "role": "auditor"}).to_string();
            let answer = service.raw(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert_eq!(shape(&answer)["type"], "urn:bailiwick:problem:forbidden");
        }
        let invitations = service.get(&Caller::from(&owner), "/v1/invitations").await.json();
        assert_eq!(invitations, json!({"items": [], "next": null}));
    }
}
