//! Second factors, recovery codes and floors as a program of their owner uses them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::role::Role;
use bailiwick_ops::policy;
use bailiwick_testkit::both_databases;
use bailiwick_vault::totp::TotpSecret;
use serde_json::{Value, json};
use support::{Caller, Sent, Service, full_key};

both_databases! {
    async fn person_sets_up_proves_and_removes_a_factor_and_gets_codes_once(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let send = async |method: Method, path: &str, body: Option<Value>| {
            service.send(&owner, &method, path, body.map_or(Sent::Nothing, Sent::Json)).await
        };
        let none = send(Method::GET, "/v1/me/factors", None).await.json();
        assert_eq!(none, json!({"items": [], "next": null, "recovery_codes_unused": null}));
        assert_eq!(send(Method::POST, "/v1/me/recovery-codes", None).await.status, StatusCode::CONFLICT);
        let begun = send(Method::POST, "/v1/me/factors", Some(json!({"name": "Work phone"}))).await;
        assert_eq!((begun.status, begun.header("cache-control")), (StatusCode::CREATED, "no-store"));
        let begun = begun.json();
        let secret = TotpSecret::from_base32(begun["secret"].as_str().unwrap()).unwrap();
        assert!(begun["otpauth"].as_str().unwrap().starts_with("otpauth://totp/Bailiwick%20acme"), "{begun}");
        let path = format!("/v1/me/factors/{}", begun["id"].as_str().unwrap());
        let wrong = send(Method::POST, &format!("{path}/verify"), Some(json!({"code": "000000"}))).await;
        assert_eq!((wrong.status, wrong.json()["errors"][0]["pointer"].clone()), (StatusCode::UNPROCESSABLE_ENTITY, json!("#/code")));
        let code = secret.code_at(db.store.now().unix_seconds());
        let proven = send(Method::POST, &format!("{path}/verify"), Some(json!({"code": *code}))).await;
        assert_eq!(proven.status, StatusCode::NO_CONTENT, "{}", proven.text());
        let made = send(Method::POST, "/v1/me/recovery-codes", None).await;
        assert_eq!((made.status, made.header("cache-control")), (StatusCode::CREATED, "no-store"));
        assert_eq!(made.json()["codes"].as_array().map(Vec::len), Some(10));
        let listed = send(Method::GET, "/v1/me/factors", None).await;
        assert!(!listed.text().contains("secret"));
        let listed = listed.json();
        assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["state"], &listed["recovery_codes_unused"]), (&json!("Work phone"), &json!("verified"), &json!(10)));
        assert_eq!(send(Method::DELETE, &path, None).await.status, StatusCode::CONFLICT, "the policy asks for one");
        let policy = json!({"mfa_floor": "any", "mfa_grace_days": 0, "session_idle_minutes": 30, "session_absolute_hours": 12, "reauth_minutes": 10, "invitation_days": 14});
        assert_eq!(send(Method::PUT, "/v1/policy", Some(policy)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(send(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
        assert_eq!(send(Method::GET, "/v1/me/factors", None).await.json(), none);
        assert_eq!(send(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    }

    async fn policy_is_read_as_it_was_written_with_the_floors_of_roles(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let written = json!({
            "mfa_floor": "mfa", "mfa_grace_days": 7, "role_floors": {"auditor": "mfa", "developer": "mfa"},
            "session_idle_minutes": 30, "session_absolute_hours": 12, "reauth_minutes": 10, "invitation_days": 14, "api_key_days": 90
        });
        let answer = service.send(&owner, &Method::PUT, "/v1/policy", Sent::Json(written.clone())).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
        assert_eq!(service.get(&owner, "/v1/policy").await.json(), written);
        for (field, value) in [
            ("mfa_floor", json!("none")),
            ("mfa_grace_days", json!(91)),
            ("mfa_grace_days", json!(-1)),
            ("role_floors", json!({"king": "mfa"})),
            ("role_floors", json!({"auditor": "some"})),
            ("role_floors", json!({"platform_owner": "mfa"})),
            ("mfa_floor", json!("passkey")),
        ] {
            let mut wrong = written.clone();
            wrong[field] = value;
            let refused = service.send(&owner, &Method::PUT, "/v1/policy", Sent::Json(wrong.clone())).await;
            let pointer = refused.json()["errors"][0]["pointer"].clone();
            assert_eq!((refused.status, pointer), (StatusCode::UNPROCESSABLE_ENTITY, json!(format!("#/{field}"))), "{wrong}");
        }
    }

    async fn program_of_a_late_person_is_told_and_their_key_goes_on(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let key = Caller::Program(full_key(&acme).await);
        let person = Caller::from(&acme.user(Role::Auditor).await);
        assert_eq!(service.get(&person, "/v1/me").await.status, StatusCode::OK);
        policy::set_grace(&db.store, &acme.job(), 0).await.unwrap();
        for path in ["/v1/me", "/v1/me/factors", "/v1/users"] {
            let refused = service.get(&person, path).await;
            assert_eq!((refused.status, refused.json()["type"].clone()), (StatusCode::FORBIDDEN, json!("urn:bailiwick:problem:enrol-factor")), "{path}");
        }
        assert_eq!(service.get(&key, "/v1/users").await.status, StatusCode::OK);
        assert_eq!(service.get(&key, "/v1/me/factors").await.status, StatusCode::FORBIDDEN, "a key has no factors");
    }

    async fn list_says_from_when_on_somebody_needs_more(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let listed = service.get(&Caller::from(&acme.owner()), "/v1/users").await.json();
        assert_eq!((&listed["items"][0]["mfa"], &listed["items"][0]["mfa_due"]), (&json!("missing"), &json!("2026-01-16T03:04:05.000000Z")), "{listed}");
    }
}
