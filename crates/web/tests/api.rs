//! The API as a program uses it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{role::Role, time::Span};
use bailiwick_proof::{
    hash::{Hash, leaf_hash},
    tree::verify_inclusion,
};
use bailiwick_store::audit::note_verification;
use bailiwick_testkit::{Authenticator, PASSWORD, both_databases};
use serde_json::{Value, json};
use support::{Caller, Sent, Service, full_key};

const NEW: &str = "seven quiet lanterns";

both_databases! {
    async fn a_key_is_shown_once_and_works_until_it_is_revoked(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let new = json!({"name": "Reports", "scopes": ["audit:read"], "expires_at": "2026-02-01T00:00:00Z", "tag": "rpt"});
        let created = service.send(&owner, &Method::POST, "/v1/api-keys", Sent::Json(new)).await;
        assert_eq!(created.status, StatusCode::CREATED);
        assert_eq!(created.header("cache-control"), "no-store");
        let (location, body) = (created.header("location").to_owned(), created.json());
        assert_eq!(location, format!("/v1/api-keys/{}", body["id"].as_str().unwrap()));
        let secret = body["secret"].as_str().unwrap().to_owned();
        let program = Caller::Program(secret.clone());
        assert_eq!(service.get(&program, "/v1/audit/events").await.status, StatusCode::OK);
        assert_eq!(service.get(&program, "/v1/users").await.status, StatusCode::FORBIDDEN);
        db.settle().await;
        for path in [location.as_str(), "/v1/api-keys", "/v1/audit/events"] {
            let text = service.get(&owner, path).await.text();
            assert!(!text.contains(&secret) && !text.contains("\"secret\""), "{path}");
        }
        let revoked = service.send(&owner, &Method::POST, &format!("{location}/revoke"), Sent::Nothing).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&program, "/v1/audit/events").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(service.get(&owner, &location).await.json()["status"], "revoked");
    }

    async fn what_was_created_is_found_where_the_answer_says(db: Db) {
        let (acme, platform) = (db.tenant("acme").await, db.platform().await);
        let service = Service::over(&db);
        let member = acme.add(Role::SupportCoordinator).await.id;
        let (owner, operator) = (Caller::from(&acme.owner()), Caller::from(&platform.owner()));
        for (caller, path, body) in [
            (&owner, "/v1/invitations".to_owned(), json!({"email": "Guest@Example.com", "role": "auditor"})),
            (&owner, format!("/v1/users/{member}/grants"), json!({"permission": "audit:read", "effect": "grant", "reason": "She helps out."})),
            (&owner, "/v1/api-keys".to_owned(), json!({"name": "Reports", "scopes": ["user:read", "audit:read"]})),
            (&operator, "/v1/tenants".to_owned(), json!({
                "slug": "zenith", "name": "Zenith", "region": "local", "owner_email": "zoe@zenith.example", "owner_name": "Zoe"
            })),
        ] {
            let created = service.send(caller, &Method::POST, &path, Sent::Json(body)).await;
            assert_eq!(created.status, StatusCode::CREATED, "{path}: {}", created.text());
            let found = service.get(caller, created.header("location")).await.json();
            let created = created.json();
            for (field, value) in found.as_object().unwrap() {
                assert_eq!(created[field], *value, "{path} {field}");
            }
        }
    }

    async fn operator_renews_the_link_of_an_owner_who_waits(db: Db) {
        let platform = db.platform().await;
        let service = Service::over(&db);
        let operator = Caller::from(&platform.owner());
        let new = json!({
            "slug": "zenith", "name": "Zenith", "region": "local", "owner_email": "zoe@zenith.example", "owner_name": "Zoe"
        });
        let created = service.send(&operator, &Method::POST, "/v1/tenants", Sent::Json(new)).await.json();
        let path = format!("/v1/tenants/{}/owner-link", created["id"].as_str().unwrap());
        let renewed = service.send(&operator, &Method::POST, &path, Sent::Nothing).await;
        assert_eq!(renewed.status, StatusCode::CREATED, "{}", renewed.text());
        let renewed = renewed.json();
        assert_eq!(renewed["owner"]["id"], created["owner"]["id"]);
        let opened = async |body: &Value| {
            let link = body["owner"]["link"].as_str().unwrap().strip_prefix("https://bailiwick.test").unwrap();
            service.get(&Caller::Nobody, link).await.status
        };
        assert_eq!((opened(&created).await, opened(&renewed).await), (StatusCode::CONFLICT, StatusCode::OK));
    }

    async fn person_adds_names_and_removes_a_passkey(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let answer = async |name: &str| {
            let begun = service.send(&owner, &Method::POST, "/v1/me/passkeys/begin", Sent::Nothing).await.json();
            let credential: Value = serde_json::from_str(&Authenticator::new().create(&begun["options"])).unwrap();
            json!({"ceremony": begun["ceremony"], "name": name, "credential": credential})
        };
        let kept = answer("Key on the ring").await;
        let kept = service.send(&owner, &Method::POST, "/v1/me/passkeys", Sent::Json(kept)).await;
        assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text());
        let new = answer("Laptop").await;
        let credential = new["credential"].clone();
        let created = service.send(&owner, &Method::POST, "/v1/me/passkeys", Sent::Json(new.clone())).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        let location = created.header("location").to_owned();
        assert_eq!(service.get(&owner, &location).await.json(), created.json());
        let again = service.send(&owner, &Method::POST, "/v1/me/passkeys", Sent::Json(new)).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        let name = Sent::Json(json!({"name": "Desk"}));
        let renamed = service.send(&owner, &Method::PUT, &format!("{location}/name"), name).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT);
        let listed = service.get(&owner, "/v1/me/passkeys").await;
        assert!(listed.json()["items"].as_array().unwrap().iter().any(|passkey| passkey["name"] == "Desk"));
        assert!(!listed.text().contains(credential["rawId"].as_str().unwrap()), "what signs in stays inside");
        assert_eq!(service.send(&owner, &Method::DELETE, &location, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&owner, &location).await.status, StatusCode::NOT_FOUND);
        // The policy asks for a second factor.
        let last = service.send(&owner, &Method::DELETE, kept.header("location"), Sent::Nothing).await;
        assert_eq!(last.status, StatusCode::CONFLICT, "the last one stays");
        let program = Caller::Program(full_key(&acme).await);
        assert_eq!(service.get(&program, "/v1/me/passkeys").await.status, StatusCode::FORBIDDEN);
    }

    async fn person_changes_their_password_and_goes_on_under_a_new_session(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let program = Caller::Program(full_key(&acme).await);
        let put = async |caller: &Caller, current: &str, new: &str| {
            let body = json!({"current": current, "new": new});
            service.send(caller, &Method::PUT, "/v1/me/password", Sent::Json(body)).await
        };
        let wrong = put(&owner, "not the present one", NEW).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/current")));
        let weak = put(&owner, PASSWORD, "password1234").await;
        assert_eq!((weak.status, &weak.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/new")));
        let done = put(&owner, PASSWORD, NEW).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text());
        let cookie = done.header("set-cookie").strip_prefix("__Host-bailiwick=").unwrap();
        let renewed = Caller::Browser(cookie.split(';').next().unwrap().to_owned());
        assert_eq!(service.get(&renewed, "/v1/me").await.json()["signed_in_by"], "password");
        assert_eq!(service.get(&owner, "/v1/me").await.status, StatusCode::UNAUTHORIZED, "the token before is refused");
        assert_eq!(put(&program, NEW, PASSWORD).await.status, StatusCode::FORBIDDEN);
    }

    async fn program_walks_a_long_list_to_its_end(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        for _ in 0..60 {
            acme.add(Role::SupportCoordinator).await;
        }
        db.settle().await;
        let key = Caller::Program(full_key(&acme).await);
        for (list, all) in [("/v1/users", 61), ("/v1/audit/events?action=user.created", 61)] {
            let (mut ids, mut next) = (Vec::new(), None::<String>);
            loop {
                let mark = if list.contains('?') { '&' } else { '?' };
                let path = next.map_or_else(|| list.to_owned(), |cursor| format!("{list}{mark}cursor={cursor}"));
                let page = service.get(&key, &path).await.json();
                ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
                next = page["next"].as_str().map(str::to_owned);
                if next.is_none() {
                    break;
                }
            }
            let total = ids.len();
            ids.sort();
            ids.dedup();
            assert_eq!((ids.len(), total), (all, all), "{list}: each once");
        }
    }

    async fn auditor_verifies_a_record_with_the_answer_alone(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        db.sign().await;
        let listed = service.get(&auditor, "/v1/audit/events").await.json();
        for item in listed["items"].as_array().unwrap() {
            let event = service.get(&auditor, &format!("/v1/audit/events/{}", item["id"].as_str().unwrap())).await.json();
            let hash = leaf_hash(event["octets"].as_str().unwrap().as_bytes());
            assert_eq!(event["hash"], hash.to_string());
            let proof = &event["proof"];
            let number = |field: &str| proof[field].as_u64().unwrap();
            let read = |value: &Value| -> Hash { value.as_str().unwrap().parse().unwrap() };
            let path: Vec<_> = proof["path"].as_array().unwrap().iter().map(read).collect();
            verify_inclusion(&hash, number("leaf_index"), number("size"), &path, &read(&proof["root"])).unwrap();
            assert!(proof["checkpoint"].as_str().unwrap().contains("bailiwick.test/tenant/"));
        }
    }

    async fn auditor_reads_how_far_the_log_is_signed_and_what_its_verification_found(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        db.settle().await;
        let before = service.get(&auditor, "/v1/audit/verification").await.json();
        assert_eq!((&before["checkpoint"], &before["last_verification"]), (&Value::Null, &Value::Null));
        db.sign().await;
        let signed = service.get(&auditor, "/v1/audit/verification").await.json();
        assert_eq!((signed["waiting"].as_u64(), &signed["checkpoint"]["size"]), (Some(0), &signed["size"]));
        let note = signed["checkpoint"]["note"].as_str().unwrap();
        assert!(note.contains(&format!("bailiwick.test/tenant/{}", acme.id())), "{note}");
        assert_eq!(signed["verifier"], db.signer().verifier().to_string());
        note_verification(&db.store, &db.jobs(), &db.verify().await).await.unwrap();
        let verified = service.get(&auditor, "/v1/audit/verification").await.json();
        assert_eq!(verified["last_verification"]["ok"], true);
        let other = Caller::from(&db.tenant("other").await.owner());
        assert_eq!(service.get(&other, "/v1/audit/verification").await.json()["last_verification"], Value::Null);
        let coordinator = Caller::from(&acme.user(Role::SupportCoordinator).await);
        assert_eq!(service.get(&coordinator, "/v1/audit/verification").await.status, StatusCode::FORBIDDEN);
    }

    async fn writer_sees_its_own_record_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let new = json!({"email": "guest@example.com", "role": "auditor"});
        let created = service.send(&owner, &Method::POST, "/v1/invitations", Sent::Json(new)).await.json();
        let id = created["id"].as_str().unwrap();
        let found = service.get(&owner, &format!("/v1/audit/events?entity_type=invitation&entity_id={id}")).await.json();
        assert_eq!(found["items"][0]["action"], "user.invited");
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
        let history = service.get(&owner, &format!("/v1/audit/entities/invitation/{id}")).await.json();
        assert_eq!(history["items"][0]["entity"], json!({"type": "invitation", "id": id, "revision": 1}));
        assert!(!history.to_string().contains("guest@example.com"), "the octets hold a commitment instead of the address");
    }

    async fn person_lists_and_ends_sessions_of_their_own(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = acme.owner();
        let caller = Caller::from(&owner);
        let form = |email: &str| Sent::Form(vec![("address", email.to_owned()), ("password", PASSWORD.to_owned())]);
        for _ in 0..2 {
            db.clock.advance(Span::seconds(1));
            service.send(&Caller::Nobody, &Method::POST, "/sign-in", form(&owner.user.email)).await;
        }
        let mine = service.get(&caller, "/v1/me/sessions").await.json();
        let items = mine["items"].as_array().unwrap();
        assert_eq!((items.len(), &mine["next"]), (3, &Value::Null));
        let current: Vec<_> = items.iter().map(|item| item["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, false, true]);
        let first = &items[2];
        assert_eq!((&first["method"], &first["device"], &first["place"], &first["network"]), (&json!("password"), &json!("Firefox on Linux"), &json!("public_ipv4"), &json!("new")));
        let one = format!("/v1/me/sessions/{}", items[0]["id"].as_str().unwrap());
        assert_eq!(service.send(&caller, &Method::DELETE, &one, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.send(&caller, &Method::DELETE, &one, Sent::Nothing).await.status, StatusCode::CONFLICT);
        assert_eq!(service.send(&caller, &Method::DELETE, "/v1/me/sessions", Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&caller, "/v1/me/sessions").await.json()["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(service.send(&caller, &Method::DELETE, "/v1/me/sessions", Sent::Nothing).await.status, StatusCode::CONFLICT);
        let program = Caller::Program(full_key(&acme).await);
        for (method, path) in [(Method::GET, "/v1/me/sessions"), (Method::DELETE, "/v1/me/sessions"), (Method::DELETE, one.as_str())] {
            assert_eq!(service.send(&program, &method, path, Sent::Nothing).await.status, StatusCode::FORBIDDEN, "{method} {path}: a key has none");
        }
    }

    async fn program_with_the_scopes_ends_sessions_of_people_and_lets_them_try_again(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let planner = acme.user(Role::PlanManager).await;
        let program = Caller::Program(full_key(&acme).await);
        let list = format!("/v1/users/{}/sessions", planner.id());
        let found = service.get(&program, &list).await.json();
        assert_eq!(found["items"][0]["user"], json!(planner.id()));
        let all = service.get(&program, "/v1/sessions").await.json();
        assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
        assert!(!all.to_string().contains("token") && !all.to_string().contains("203.0.113.7"));
        let one = format!("/v1/sessions/{}", found["items"][0]["id"].as_str().unwrap());
        assert_eq!(service.send(&program, &Method::DELETE, &one, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&Caller::from(&planner), "/v1/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(service.send(&program, &Method::DELETE, &list, Sent::Nothing).await.status, StatusCode::CONFLICT, "none is left");
        let makers = format!("/v1/users/{}/sessions", acme.owner().id());
        assert_eq!(service.send(&program, &Method::DELETE, &makers, Sent::Nothing).await.status, StatusCode::CONFLICT, "its maker's own");
        let unlock = format!("/v1/users/{}/unlock", planner.id());
        assert_eq!(service.send(&program, &Method::POST, &unlock, Sent::Nothing).await.status, StatusCode::CONFLICT, "nobody waits");
        let wrong = Sent::Form(vec![("address", planner.user.email.clone()), ("password", "not the password".to_owned())]);
        for _ in 0..5 {
            service.send(&Caller::Nobody, &Method::POST, "/sign-in", wrong.clone()).await;
        }
        assert_eq!(service.send(&program, &Method::POST, &unlock, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
    }
}
