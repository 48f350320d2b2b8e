//! What the guarded product asks: may somebody do something, what is a session, may a request pass a proxy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{
    role::Role,
    rule::{ChangeMyProofs, CheckAccess, Me},
    time::Span,
};
use bailiwick_ops::{
    decisions::{self, About},
    factors,
};
use bailiwick_store::key_cache::Standing;
use bailiwick_testkit::{PASSWORD, Tenant, both_databases};
use bailiwick_vault::api_key::{ApiKey as Secret, Brand, Environment};
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, full_key};

/// A key of the organisation's owner with these scopes: its whole text and its id.
async fn key(service: &Service, acme: &Tenant, scopes: &[&str]) -> (String, String) {
    let new = json!({"name": "Product", "scopes": scopes, "expires_at": "2026-02-01T00:00:00Z"});
    let made = service.send(&(&acme.owner()).into(), &Method::POST, "/v1/api-keys", Sent::Json(new)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    (made["secret"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
}

async fn ask(service: &Service, product: &Caller, subject: Value, permissions: &[&str]) -> Answer {
    let question = json!({"subject": subject, "permissions": permissions});
    service.send(product, &Method::POST, "/v1/authorize", Sent::Json(question)).await
}

/// Whether it is allowed, and why, for one permission.
async fn decided(service: &Service, product: &Caller, subject: Value, permission: &str) -> (bool, String) {
    let answer = ask(service, product, subject, &[permission]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let body = answer.json();
    let first = &body["answers"][0];
    assert_eq!(body["allowed"], first["allowed"]);
    (first["allowed"] == true, first["reason"].as_str().unwrap().to_owned())
}

async fn change(service: &Service, owner: &Caller, method: Method, path: &str, body: Value) -> Value {
    let sent = if body.is_null() { Sent::Nothing } else { Sent::Json(body) };
    let answer = service.send(owner, &method, path, sent).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

async fn introspected(service: &Service, product: &Caller, token: &str) -> Value {
    let answer = service
        .send(product, &Method::POST, "/v1/sessions/introspect", Sent::Json(json!({"session": token})))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The answer about a key, whatever it is.
async fn verify(service: &Service, product: &Caller, question: Value) -> Value {
    let answer = service.send(product, &Method::POST, "/v1/keys/verify", Sent::Json(question)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// Why a key is not good; nothing where it is.
async fn fault(service: &Service, product: &Caller, question: Value) -> Value {
    let body = verify(service, product, question).await;
    assert_eq!(body["valid"], body["fault"].is_null(), "{body}");
    body["fault"].clone()
}

async fn surrender(service: &Service, key: &str) -> Answer {
    service.send(&Caller::Nobody, &Method::POST, "/v1/keys/surrender", Sent::Json(json!({"key": key}))).await
}

/// The text of a key that nobody has.
fn made_up(acme: &Tenant) -> Secret {
    Secret::generate(&Brand::default(), Environment::Live, None, acme.db.store.entropy())
}

both_databases! {
    async fn the_product_is_told_what_a_person_may_do_and_why(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let owner: Caller = (&acme.owner()).into();
        let person = acme.user(Role::SupportCoordinator).await;
        let (user, session) = (json!({"user": person.id()}), json!({"session": format!("session.{}", person.present_token())}));
        for subject in [&user, &session, &json!({"session": person.present_token()})] {
            assert_eq!(decided(&service, &product, subject.clone(), "team:read").await, (true, "role".into()));
            assert_eq!(decided(&service, &product, subject.clone(), "audit:read").await, (false, "not_given".into()));
            assert_eq!(decided(&service, &product, subject.clone(), "plan:fly").await, (false, "unknown_permission".into()));
            // Nobody of a customer holds what is the platform's.
            assert_eq!(decided(&service, &product, subject.clone(), "job:read").await, (false, "not_given".into()));
        }
        // A team gives, a grant gives, a denial takes: with the very next question.
        let team = change(&service, &owner, Method::POST, "/v1/teams", json!({"name": "Night"})).await;
        let team = format!("/v1/teams/{}", team["id"].as_str().unwrap());
        change(&service, &owner, Method::PUT, &format!("{team}/roles/auditor"), Value::Null).await;
        change(&service, &owner, Method::PUT, &format!("{team}/members/{}", person.id()), Value::Null).await;
        let answer = ask(&service, &product, user.clone(), &["audit:read", "team:read"]).await.json();
        assert_eq!(answer["allowed"], true);
        assert_eq!(answer["answers"][0], json!({"permission": "audit:read", "allowed": true, "reason": "team", "role": "auditor"}));
        assert_eq!(answer["answers"][1], json!({"permission": "team:read", "allowed": true, "reason": "role", "role": "support_coordinator"}));
        let grants = format!("/v1/users/{}/grants", person.id());
        let grant = |permission: &str, effect: &str| json!({"permission": permission, "effect": effect, "reason": "It is so."});
        change(&service, &owner, Method::POST, &grants, grant("site:update", "grant")).await;
        change(&service, &owner, Method::POST, &grants, grant("team:read", "deny")).await;
        let answer = ask(&service, &product, user.clone(), &["site:update", "team:read", "audit:read", "nothing"]).await.json();
        let reasons: Vec<_> = answer["answers"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["grant", "denied", "team", "unknown_permission"]);
        assert_eq!((&answer["allowed"], &answer["subject"]["standing"]), (&json!(false), &json!("active")));
        // The session's own requests and the product's questions are judged alike, for every permission that there is.
        let names = service.get(&owner, "/v1/permissions").await.json();
        let names: Vec<_> = names["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        let held = person.permit::<Me>().await.permission_names(db.store.catalogue()).into_iter().map(str::to_owned).collect::<Vec<_>>();
        for part in names.chunks(decisions::AT_ONCE) {
            let part: Vec<_> = part.iter().map(String::as_str).collect();
            let token = json!({"session": person.present_token()});
            for answer in ask(&service, &product, token, &part).await.json()["answers"].as_array().unwrap() {
                let name = answer["permission"].as_str().unwrap();
                assert_eq!(answer["allowed"], held.iter().any(|held| held == name), "{answer}");
            }
        }
        // Who is disabled may do nothing, and it is said why.
        change(&service, &owner, Method::POST, &format!("/v1/users/{}/disable", person.id()), Value::Null).await;
        let answer = ask(&service, &product, user, &["audit:read"]).await.json();
        assert_eq!((&answer["subject"]["standing"], &answer["answers"][0]["reason"]), (&json!("disabled"), &json!("subject")));
        let answer = ask(&service, &product, json!({"session": person.present_token()}), &["audit:read"]).await.json();
        assert_eq!((&answer["subject"]["standing"], &answer["allowed"]), (&json!("ended"), &json!(false)));
    }

    async fn the_product_is_told_what_a_key_may_do(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let owner: Caller = (&acme.owner()).into();
        let (secret, id) = key(&service, &acme, &["audit:read", "user:read"]).await;
        let subject = || json!({"key": secret});
        assert_eq!(decided(&service, &product, subject(), "audit:read").await, (true, "scope".into()));
        assert_eq!(decided(&service, &product, subject(), "team:read").await, (false, "out_of_scope".into()));
        let mistyped = format!("{secret}x");
        assert_eq!(decided(&service, &product, json!({"key": mistyped}), "audit:read").await, (false, "subject".into()));
        change(&service, &owner, Method::POST, &format!("/v1/api-keys/{id}/revoke"), Value::Null).await;
        let answer = ask(&service, &product, subject(), &["audit:read"]).await.json();
        assert_eq!(answer["subject"], json!({"standing": "revoked", "user": acme.owner().id(), "role": null, "session": null, "key": id}));
        // A key is its maker's arm.
        let maker = acme.user(Role::Developer).await;
        let made = service.send(&(&maker).into(), &Method::POST, "/v1/api-keys", Sent::Json(json!({"name": "Arm", "scopes": ["audit:write"]}))).await;
        let secret = made.json()["secret"].as_str().unwrap().to_owned();
        assert_eq!(decided(&service, &product, json!({"key": secret}), "audit:write").await, (true, "scope".into()));
        let denial = json!({"permission": "audit:write", "effect": "deny", "reason": "Not them."});
        change(&service, &owner, Method::POST, &format!("/v1/users/{}/grants", maker.id()), denial).await;
        assert_eq!(decided(&service, &product, json!({"key": secret}), "audit:write").await, (false, "maker_lacks".into()));
    }

    async fn nobody_asks_about_another_organisation_or_without_the_permission(db: Db) {
        let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let theirs = full_key(&other).await;
        let owner = other.owner();
        for subject in [json!({"user": owner.id()}), json!({"session": owner.present_token()}), json!({"key": theirs})] {
            let answer = ask(&service, &product, subject, &["audit:read"]).await.json();
            assert_eq!(answer["subject"], json!({"standing": "unknown", "user": null, "role": null, "session": null, "key": null}));
            assert_eq!((&answer["allowed"], &answer["answers"][0]["reason"]), (&json!(false), &json!("subject")));
        }
        assert_eq!(introspected(&service, &product, &owner.present_token()).await, json!({"active": false, "standing": "unknown"}));
        let lacks = Caller::Program(key(&service, &acme, &["audit:read"]).await.0);
        assert_eq!(ask(&service, &lacks, json!({"user": acme.owner().id()}), &["audit:read"]).await.status, StatusCode::FORBIDDEN);
        let many: Vec<_> = (0..=decisions::AT_ONCE).map(|_| "audit:read").collect();
        assert_eq!(ask(&service, &product, json!({"user": owner.id()}), &many).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(ask(&service, &product, json!({"user": owner.id()}), &many[1..]).await.status, StatusCode::OK);
        assert_eq!(ask(&service, &product, json!({"user": owner.id()}), &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        for wrong in [json!({}), json!({"user": owner.id(), "key": "x"}), json!({"person": owner.id()}), json!({"user": "x"})] {
            let answer = ask(&service, &product, wrong.clone(), &["audit:read"]).await;
            assert!(answer.status.is_client_error(), "{wrong}: {}", answer.text());
        }
    }

    async fn what_the_product_was_allowed_to_let_happen_counts_as_used(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<CheckAccess>().await;
        let person = acme.user(Role::SupportCoordinator).await;
        let asked = ["register:read", "audit:read"];
        decisions::authorize(&db.store, &permit, About::User(person.id()), &asked).await.unwrap();
        bailiwick_store::permission_use::flush(&db.store).await.unwrap();
        let mut view = db.store.read(&permit).await.unwrap();
        let used = bailiwick_store::permission_use::of_user(&mut view, person.id()).await.unwrap();
        assert!(used.contains_key("register:read") && !used.contains_key("audit:read"), "{used:?}");
    }

    async fn a_session_says_whose_it_is_since_when_by_what_and_until_when(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let sees_users = Caller::Program(key(&service, &acme, &["access:check", "user:read"]).await.0);
        let person = acme.user(Role::Auditor).await;
        let told = introspected(&service, &product, &format!("session.{}", person.present_token())).await;
        assert_eq!((&told["active"], &told["user"], &told["role"]), (&json!(true), &json!(person.id()), &json!("auditor")));
        assert_eq!((&told["signed_in_by"], &told["name"], &told["email"]), (&json!("password"), &Value::Null, &Value::Null));
        let at = |field: &str| told[field].as_str().unwrap().to_owned();
        assert!(at("signed_in_at") <= at("last_seen_at") && at("last_seen_at") < at("idle_until") && at("idle_until") <= at("ends_at"), "{told}");
        assert_eq!(introspected(&service, &sees_users, &person.present_token()).await["email"], person.user.email);
        db.clock.advance(Span::days(32));
        let owner = acme.user(Role::TenantOwner).await;
        let new = json!({"name": "Later", "scopes": ["access:check"]});
        let later = service.send(&(&owner).into(), &Method::POST, "/v1/api-keys", Sent::Json(new)).await.json();
        let product = Caller::Program(later["secret"].as_str().unwrap().to_owned());
        assert_eq!(introspected(&service, &product, &person.present_token()).await, json!({"active": false, "standing": "ended"}));
        assert_eq!(introspected(&service, &product, "nonsense").await, json!({"active": false, "standing": "unknown"}));
    }

    async fn a_proxy_lets_through_whoever_holds_the_permission_and_says_who_it_is(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let person = acme.user(Role::Auditor).await;
        let caller: Caller = (&person).into();
        let passed = service.get(&caller, "/v1/auth/check?permission=audit:read").await;
        assert_eq!(passed.status, StatusCode::OK);
        let said = |answer: &Answer| ["kind", "organisation", "user", "role", "signed-in-by", "key"].map(|name| answer.header(&format!("bailiwick-{name}")).to_owned());
        let (id, organisation) = (person.id().to_string(), acme.id().to_string());
        assert_eq!(said(&passed), ["user", &organisation, &id, "auditor", "password", ""]);
        assert!(passed.body.is_empty());
        assert_eq!(service.get(&caller, "/v1/auth/check").await.status, StatusCode::OK, "whoever is known");
        let refused = service.get(&caller, "/v1/auth/check?permission=user:delete").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.header("bailiwick-user"), "", "who is refused is nobody to the place behind");
        let (secret, key_id) = key(&service, &acme, &["audit:read"]).await;
        let passed = service.get(&Caller::Program(secret.clone()), "/v1/auth/check?permission=audit:read").await;
        assert_eq!(said(&passed), ["key", &organisation, "", "", "", &key_id]);
        assert_eq!(passed.headers.get_all("bailiwick-user").iter().count(), 1, "empty, and there");
        assert_eq!(service.get(&Caller::Program(secret), "/v1/auth/check?permission=user:read").await.status, StatusCode::FORBIDDEN);
        for path in ["/v1/auth/check", "/v1/auth/check?permission=audit:read", "/v1/auth/check?permission=nothing"] {
            assert_eq!(service.get(&Caller::Nobody, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        for slip in ["permission=nothing", "permision=audit:read", "permission="] {
            assert_eq!(service.get(&caller, &format!("/v1/auth/check?{slip}")).await.status, StatusCode::BAD_REQUEST, "{slip}");
        }
    }

    async fn a_check_gives_no_session_another_token(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner: Caller = (&acme.owner()).into();
        let person = acme.user(Role::Auditor).await;
        let denial = json!({"permission": "audit:read", "effect": "deny", "reason": "Not them."});
        change(&service, &owner, Method::POST, &format!("/v1/users/{}/grants", person.id()), denial).await;
        let caller = Caller::Browser(person.token.clone());
        let check = service.get(&caller, "/v1/auth/check?permission=audit:read").await;
        assert_eq!(check.status, StatusCode::FORBIDDEN, "what was taken is gone at once");
        let check = service.get(&caller, "/v1/auth/check?permission=team:read").await;
        assert_eq!((check.status, check.header("set-cookie")), (StatusCode::OK, ""));
        assert_ne!(service.get(&caller, "/v1/me").await.header("set-cookie"), "", "the next call does");
    }

    async fn a_session_that_waits_for_its_second_factor_passes_nowhere(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let person = acme.user(Role::Auditor).await;
        let permit = person.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
        let given = json!({"address": person.user.email, "password": PASSWORD});
        let given = service.send(&Caller::Nobody, &Method::POST, "/v1/sign-in", Sent::Json(given)).await.json();
        let token = given["token"].as_str().unwrap();
        let bare = token.strip_prefix("pending.").unwrap();
        for caller in [Caller::Program(token.to_owned()), Caller::Browser(bare.to_owned())] {
            assert_eq!(service.get(&caller, "/v1/auth/check").await.status, StatusCode::UNAUTHORIZED);
        }
        let standing = json!({"active": false, "standing": "second_factor_missing"});
        assert_eq!(introspected(&service, &product, token).await, standing);
        assert_eq!(introspected(&service, &product, bare).await, standing);
        assert_eq!(decided(&service, &product, json!({"session": token}), "audit:read").await, (false, "subject".into()));
    }

    async fn the_product_is_told_whose_a_key_is_and_whether_it_is_good(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let owner: Caller = (&acme.owner()).into();
        let new = json!({"name": "Roster", "scopes": ["user:read"], "networks": ["192.0.2.0/24"], "expires_at": db.store.now() + Span::days(1)});
        let made = service.send(&owner, &Method::POST, "/v1/api-keys", Sent::Json(new)).await.json();
        let (secret, id) = (made["secret"].as_str().unwrap(), made["id"].as_str().unwrap());
        let from = |address: &str, scopes: &[&str]| json!({"key": secret, "address": address, "scopes": scopes, "agent": "curl/8.5"});
        let body = verify(&service, &product, from("192.0.2.9", &["user:read"])).await;
        assert_eq!((&body["valid"], &body["fault"]), (&json!(true), &Value::Null));
        let told = &body["key"];
        assert_eq!((&told["id"], &told["tenant"], &told["name"], &told["scopes"], &told["rotating"]), (&json!(id), &json!(acme.id()), &json!("Roster"), &json!(["user:read"]), &json!(false)));
        assert!(!body.to_string().contains(secret), "the answer does not repeat it");
        assert_eq!(fault(&service, &product, from("198.51.100.1", &[])).await, "address");
        assert_eq!(fault(&service, &product, from("192.0.2.9", &["user:read", "audit:read"])).await, "scope");
        let answer = service.send(&product, &Method::POST, "/v1/keys/verify", Sent::Json(from("192.0.2.9", &["user:fly"]))).await;
        assert_eq!((answer.status, answer.text().contains("scopes/0"), answer.text().contains("fly")), (StatusCode::UNPROCESSABLE_ENTITY, true, false), "{}", answer.text());
        // Only who may ask is answered, and only about keys of their own organisation.
        for (who, status) in [(Caller::Nobody, StatusCode::UNAUTHORIZED), (Caller::Program(key(&service, &acme, &["audit:read"]).await.0), StatusCode::FORBIDDEN)] {
            let answer = service.send(&who, &Method::POST, "/v1/keys/verify", Sent::Json(json!({"key": secret}))).await;
            assert_eq!(answer.status, status, "{}", answer.text());
        }
        let other = db.tenant("other").await;
        let stranger = Caller::Program(key(&service, &other, &["access:check"]).await.0);
        let unknown = json!({"valid": false, "fault": "unknown", "key": null});
        assert_eq!(verify(&service, &stranger, from("192.0.2.9", &[])).await, unknown);
        assert_eq!(verify(&service, &product, json!({"key": made_up(&acme).expose()})).await, unknown);
        assert_eq!(verify(&service, &product, json!({"key": format!("{secret}x")})).await, json!({"valid": false, "fault": "malformed", "key": null}));
        let (gone, id) = key(&service, &acme, &["user:read"]).await;
        assert_eq!(fault(&service, &product, json!({"key": gone})).await, Value::Null);
        change(&service, &(&acme.owner()).into(), Method::POST, &format!("/v1/api-keys/{id}/revoke"), Value::Null).await;
        assert_eq!(fault(&service, &product, json!({"key": gone})).await, "revoked");
        db.clock.advance(Span::days(1));
        assert_eq!(fault(&service, &product, from("192.0.2.9", &[])).await, "expired");
    }

    async fn whoever_holds_a_leaked_key_gives_it_up(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (secret, _) = key(&service, &acme, &["user:read"]).await;
        assert_eq!(service.get(&Caller::Program(secret.clone()), "/v1/users").await.status, StatusCode::OK);
        let answer = surrender(&service, &secret).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let body = answer.json();
        assert!(secret.starts_with(body["prefix"].as_str().unwrap()) && !body["revoked_at"].is_null() && !body["receipt"]["id"].is_null(), "{body}");
        assert!(!body.to_string().contains(&secret));
        assert_eq!(service.get(&Caller::Program(secret.clone()), "/v1/users").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(surrender(&service, &secret).await.status, StatusCode::CONFLICT);
        for text in [made_up(&acme).expose(), "bw_live_abc", ""] {
            assert_eq!(surrender(&service, text).await.status, StatusCode::NOT_FOUND);
        }
        // Whoever is signed in somewhere else may as well, and so may a program of another organisation.
        let other = db.tenant("other").await;
        let (secret, _) = key(&service, &acme, &["audit:read"]).await;
        let answer = service.send(&(&other.owner()).into(), &Method::POST, "/v1/keys/surrender", Sent::Json(json!({"key": secret}))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    async fn a_bad_checksum_is_told_from_a_store_that_is_closed(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (secret, _) = key(&service, &acme, &["audit:read"]).await;
        db.store.close().await;
        assert_eq!(surrender(&service, &format!("{secret}x")).await.status, StatusCode::NOT_FOUND);
        assert!(surrender(&service, &secret).await.status.is_server_error(), "what looks like a key is looked up");
    }

    async fn whoever_makes_keys_up_has_to_wait(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let product = Caller::Program(key(&service, &acme, &["access:check"]).await.0);
        let stranger = made_up(&acme).hash();
        let mut asked = 0;
        while !matches!(db.store.key_standing(&stranger, None, None).await.unwrap(), Standing::Limited) {
            asked += 1;
            assert!(asked <= 2_000, "nobody is asked to wait");
        }
        let text = made_up(&acme);
        let question = json!({"key": text.expose()});
        let answer = service.send(&product, &Method::POST, "/v1/keys/verify", Sent::Json(question.clone())).await;
        assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "1"), "{}", answer.text());
        assert_eq!(surrender(&service, text.expose()).await.status, StatusCode::TOO_MANY_REQUESTS);
        db.clock.advance(Span::seconds(1));
        assert_eq!(fault(&service, &product, question).await, "unknown");
    }
}
