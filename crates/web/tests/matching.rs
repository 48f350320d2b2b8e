//! Nobody overwrites what they have not read, and nobody reads again what they have.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::role::Role;
use bailiwick_testkit::both_databases;
use serde_json::{Value, json};
use support::{Answer, Caller, Service, full_key};

/// Sends a request of a program with one header field more.
async fn send(
    service: &Service,
    program: &str,
    method: Method,
    path: &str,
    field: Option<(&str, &str)>,
    body: Value,
) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {program}"));
    if let Some((name, value)) = field {
        request = request.header(name, value);
    }
    let request = if body.is_null() {
        request.body(Body::empty())
    } else {
        request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))
    };
    service.as_it_is(request.unwrap()).await
}

async fn tag(service: &Service, program: &str, path: &str) -> String {
    let answer = service.get(&Caller::Program(program.to_owned()), path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.header("etag").to_owned()
}

fn problem(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["type"].as_str().unwrap_or_default().to_owned())
}

async fn made(service: &Service, program: &str, path: &str, body: Value) -> String {
    let made = send(service, program, Method::POST, path, None, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.header("location").to_owned()
}

both_databases! {
    async fn whoever_has_it_reads_nothing_again(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let team = made(&service, &program, "/v1/teams", json!({"name": "Night shift"})).await;
        let first = tag(&service, &program, &team).await;
        assert!(first.starts_with("\"1-"), "{first}");
        for value in [first.clone(), format!("\"x\", W/{first}"), "*".to_owned()] {
            let same = send(&service, &program, Method::GET, &team, Some(("if-none-match", &value)), Value::Null).await;
            assert_eq!((same.status, same.header("etag"), same.body.len()), (StatusCode::NOT_MODIFIED, first.as_str(), 0));
        }
        let renamed = send(&service, &program, Method::PUT, &team, None, json!({"name": "Night watch"})).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT, "{}", renamed.text());
        let changed = send(&service, &program, Method::GET, &team, Some(("if-none-match", &first)), Value::Null).await;
        assert_eq!(changed.status, StatusCode::OK);
        assert!(changed.header("etag").starts_with("\"2-"), "{}", changed.header("etag"));
        let gone = send(&service, &program, Method::GET, "/v1/teams/0193a7c2-7b1e-7000-8000-000000000001", Some(("if-none-match", "*")), Value::Null).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
    }

    async fn nobody_changes_what_changed_since_they_read_it(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let team = made(&service, &program, "/v1/teams", json!({"name": "Night shift"})).await;
        let read = tag(&service, &program, &team).await;
        let rename = async |tag: &str, name: &str| {
            send(&service, &program, Method::PUT, &team, Some(("if-match", tag)), json!({"name": name})).await
        };
        assert_eq!(rename(&read, "Night watch").await.status, StatusCode::NO_CONTENT);
        for stale in [read.as_str(), "\"x\"", "", &format!("W/{read}")] {
            let refused = rename(stale, "Day shift").await;
            assert_eq!(problem(&refused), (412, "urn:bailiwick:problem:stale".into()), "{stale}");
        }
        let shown = service.get(&Caller::Program(program.clone()), &team).await;
        assert_eq!(shown.json()["name"], "Night watch");
        let now = shown.header("etag").to_owned();
        assert_eq!(rename(&format!("{read}, {now}"), "Day shift").await.status, StatusCode::NO_CONTENT);
        assert_eq!(rename("*", "Day watch").await.status, StatusCode::NO_CONTENT);
    }

    async fn of_many_who_have_read_the_same_one_changes_it(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let team = made(&service, &program, "/v1/teams", json!({"name": "Night shift"})).await;
        let read = tag(&service, &program, &team).await;
        let rename = async |name: &str| {
            send(&service, &program, Method::PUT, &team, Some(("if-match", &read)), json!({"name": name})).await.status.as_u16()
        };
        let (a, b, c, d, e) = tokio::join!(rename("A1"), rename("B2"), rename("C3"), rename("D4"), rename("E5"));
        let mut all = vec![a, b, c, d, e];
        all.sort_unstable();
        assert_eq!(all, [204, 412, 412, 412, 412]);
        assert!(tag(&service, &program, &team).await.starts_with("\"2-"));
    }

    async fn what_replaces_a_whole_says_what_it_replaces(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let policy = service.get(&Caller::Program(program.clone()), "/v1/policy").await;
        let (body, read) = (policy.json(), policy.header("etag").to_owned());
        let mut longer = body.clone();
        longer["invitation_days"] = 9.into();
        let blind = send(&service, &program, Method::PUT, "/v1/policy", None, longer.clone()).await;
        assert_eq!(problem(&blind), (428, "urn:bailiwick:problem:unmatched".into()));
        let done = send(&service, &program, Method::PUT, "/v1/policy", Some(("if-match", &read)), longer.clone()).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
        let late = send(&service, &program, Method::PUT, "/v1/policy", Some(("if-match", &read)), body).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{}", late.text());
        let rules = tag(&service, &program, "/v1/audit/intake").await;
        let set = json!({"rules": [], "detectors": []});
        let blind = send(&service, &program, Method::PUT, "/v1/audit/intake", None, set.clone()).await;
        assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
        assert!(rules.starts_with("\"0-") || rules.starts_with("\"1-"), "{rules}");
    }

    async fn a_user_a_key_and_a_role_are_at_the_revision_of_their_records(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, program) = (Service::over(&db), full_key(&acme).await);
        let member = acme.add(Role::SupportCoordinator).await.id;
        let user = format!("/v1/users/{member}");
        let read = tag(&service, &program, &user).await;
        let disable = async |tag: &str| {
            send(&service, &program, Method::POST, &format!("{user}/disable"), Some(("if-match", tag)), Value::Null).await.status
        };
        let renamed = send(&service, &program, Method::PUT, &format!("{user}/name"), Some(("if-match", &read)), json!({"name": "Nora New"})).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT, "{}", renamed.text());
        assert_eq!(disable(&read).await, StatusCode::PRECONDITION_FAILED);
        let read = tag(&service, &program, &user).await;
        assert_eq!(disable(&read).await, StatusCode::NO_CONTENT);

        let new = json!({"name": "Sync", "scopes": ["user:read"]});
        // A key makes no keys.
        let person = format!("session.{}", acme.owner().present_token());
        let key = made(&service, &person, "/v1/api-keys", new).await;
        let read = tag(&service, &program, &key).await;
        let revoke = async |tag: &str| {
            send(&service, &program, Method::POST, &format!("{key}/revoke"), Some(("if-match", tag)), Value::Null).await.status
        };
        assert_eq!(revoke("\"7-0000000000000000\"").await, StatusCode::PRECONDITION_FAILED);
        assert_eq!(revoke(&read).await, StatusCode::OK);

        let new = json!({"label": "Night auditor", "description": "", "permissions": ["user:read"], "slug": "night-auditor"});
        let role = made(&service, &program, "/v1/roles", new).await;
        let read = tag(&service, &program, &role).await;
        let change = json!({"label": "Night auditor", "description": "At night.", "permissions": ["user:read"]});
        let blind = send(&service, &program, Method::PUT, &role, None, change.clone()).await;
        assert_eq!(blind.status, StatusCode::PRECONDITION_REQUIRED);
        let done = send(&service, &program, Method::PUT, &role, Some(("if-match", &read)), change).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
        let other = json!({"label": "Night auditor", "description": "By day.", "permissions": ["user:read"]});
        assert_eq!(send(&service, &program, Method::PUT, &role, Some(("if-match", &read)), other).await.status, StatusCode::PRECONDITION_FAILED);
        let built_in = tag(&service, &program, "/v1/roles/auditor").await;
        assert!(built_in.len() == 18 && !built_in.contains('-'), "{built_in}");
    }
}
