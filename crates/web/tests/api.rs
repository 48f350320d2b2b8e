//! The API as a program uses it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::http::{Method, StatusCode};
use bailiwick_domain::{entity::MailChannel, role::Role, time::Span};
use bailiwick_proof::{
    hash::{Hash, leaf_hash},
    tree::verify_inclusion,
};
use bailiwick_store::{Outbox, audit::note_verification};
use bailiwick_testkit::{Authenticator, PASSWORD, both_databases};
use serde_json::{Value, json};
use support::{Caller, Sent, Service, full_key, stock::Stock};

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
        let refused = service.get(&program, "/v1/users").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(refused.json()["detail"], "This API key lacks the permission user:read.");
        db.settle().await;
        for path in [location.as_str(), "/v1/api-keys", "/v1/audit/events"] {
            let text = service.get(&owner, path).await.text();
            assert!(!text.contains(&secret) && !text.contains("\"secret\""), "{path}");
        }
        let revoked = service.send(&owner, &Method::POST, &format!("{location}/revoke"), Sent::Nothing).await;
        assert_eq!(revoked.status, StatusCode::OK);
        let receipt = revoked.json()["receipt"].clone();
        assert_eq!(service.get(&program, "/v1/audit/events").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(service.get(&owner, &location).await.json()["status"], "revoked");
        db.settle().await;
        let record = service.get(&owner, &format!("/v1/audit/events/{}", receipt["id"].as_str().unwrap())).await;
        let octets = record.json()["octets"].as_str().unwrap().to_owned();
        assert!(octets.starts_with("{\"action\":\"api_key.revoked\","), "{octets}");
        assert!(record.text().contains(receipt["hash"].as_str().unwrap()), "{}", record.text());
    }

    async fn program_learns_who_uses_a_key_and_has_it_replaced_with_a_code(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let actor = acme.owner();
        let owner = Caller::from(&actor);
        let new = json!({"name": "Sync", "scopes": ["user:read"], "environment": "test", "networks": ["192.0.2.1/24", "0.0.0.0/0", "::/0"]});
        let body = service.send(&owner, &Method::POST, "/v1/api-keys", Sent::Json(new)).await.json();
        assert_eq!((&body["environment"], &body["networks"]), (&json!("test"), &json!(["0.0.0.0/0", "192.0.2.0/24", "::/0"])));
        let ninety = (db.store.now() + Span::days(90)).to_string();
        assert_eq!((&body["owner"], &body["expires_at"]), (&json!(actor.id()), &json!(ninety)), "ninety days unless something is said");
        let bound = Caller::Program(body["secret"].as_str().unwrap().to_owned());
        assert_eq!(service.get(&bound, "/v1/users").await.status, StatusCode::FORBIDDEN, "nobody knows where it comes from");
        let new = json!({"name": "Sync", "scopes": ["user:read"]});
        let created = service.send(&owner, &Method::POST, "/v1/api-keys", Sent::Json(new)).await;
        let location = created.header("location").to_owned();
        let program = Caller::Program(created.json()["secret"].as_str().unwrap().to_owned());
        assert_eq!(service.get(&program, "/v1/users").await.status, StatusCode::OK);
        bailiwick_store::key_uses::flush(&db.store).await.unwrap();
        let shown = service.get(&owner, &location).await.json();
        assert_eq!((&shown["last_used"]["scope"], &shown["replaces"]), (&json!("user:read"), &Value::Null), "{shown}");
        let callers = service.get(&owner, &format!("{location}/callers")).await.json();
        assert_eq!(callers["items"].as_array().unwrap().len(), 1, "{callers}");
        let scopes = service.get(&owner, &format!("{location}/scopes")).await.json();
        assert_eq!((&scopes["scopes"][0]["scope"], &scopes["scopes"][0]["judgement"]), (&json!("user:read"), &json!("used")), "{scopes}");
        assert_eq!(service.get(&owner, &format!("{location}/rotation")).await.status, StatusCode::NOT_FOUND);
        let early = service.send(&owner, &Method::POST, &format!("{location}/narrow"), Sent::Nothing).await;
        assert_eq!(early.status, StatusCode::CONFLICT);
        let wanted = || Sent::Json(json!({"overlap_days": 3}));
        let asked = service.send(&owner, &Method::POST, &format!("{location}/rotate"), wanted()).await;
        assert_eq!(asked.status, StatusCode::FORBIDDEN);
        assert_eq!(asked.json()["type"], "urn:bailiwick:problem:step-up-required", "{}", asked.text());
        let refused = service.send(&program, &Method::POST, &format!("{location}/rotate"), wanted()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "nobody reads the letters of a key");
        let wrong = service.send(&owner, &Method::POST, &format!("{location}/rotate"), Sent::Json(json!({"overlap_days": 31}))).await;
        assert_eq!(wrong.json()["errors"][0]["pointer"], "#/overlap_days", "{}", wrong.text());
    }

    async fn program_asks_who_can_do_what_and_what_is_not_used(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let member = acme.add(Role::SupportCoordinator).await.id;
        let before = db.store.now();
        db.clock.advance(Span::minutes(1));
        let owner = Caller::from(&acme.owner());
        let program = Caller::Program(full_key(&acme).await);
        let grant = json!({"permission": "audit:read", "effect": "grant", "reason": "She helps out."});
        let granted = service.send(&owner, &Method::POST, &format!("/v1/users/{member}/grants"), Sent::Json(grant)).await;
        assert_eq!(granted.status, StatusCode::CREATED);
        let who = |more: &str| format!("/v1/access/holders?permission=audit%3Aread{more}");
        let found = service.get(&program, &who("&via=grant")).await.json();
        let [item] = found["items"].as_array().unwrap().as_slice() else { panic!("{found}") };
        assert_eq!((item["id"].as_str(), item["state"].as_str()), (Some(member.to_string().as_str()), Some("able")));
        let reason = &item["reasons"][0];
        assert_eq!((reason["through"].as_str(), reason["grant"].as_str()), (Some("grant"), granted.json()["id"].as_str()));
        assert_eq!(reason["records"][0]["actor_id"], acme.owner().id().to_string());
        assert!(found["next"].is_null() && found["complete"] == true);
        let then = service.get(&program, &who(&format!("&at={before}"))).await.json();
        let ids: Vec<_> = then["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        assert_eq!(ids, [acme.owner().id().to_string()]);
        let standing = service.get(&program, &format!("/v1/users/{member}/access")).await.json();
        let names: Vec<_> = standing["permissions"].as_array().unwrap().iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"audit:read") && names.contains(&"team:read"), "{names:?}");
        for wrong in ["&at=yesterday", "&via=magic", "&state=odd", "&cursor=7", "&x=1"] {
            assert_eq!(service.get(&program, &who(wrong)).await.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        assert_eq!(service.get(&program, "/v1/access/holders").await.status, StatusCode::BAD_REQUEST);
        assert_eq!(service.get(&program, &who("&at=2990-01-01")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let person = service.get(&program, &format!("/v1/access/unused/users/{member}")).await.json();
        assert!(person["permissions"].as_array().unwrap().iter().all(|line| line["judgement"] != "unused"), "{person}");
        let early = json!({"permissions": ["team:read"], "reason": "It is not used."});
        let refused = service.send(&owner, &Method::POST, &format!("/v1/access/unused/users/{member}/narrow"), Sent::Json(early)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
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
            (&owner, format!("/v1/users/{member}/grants"), json!({
                "permission": "user:read", "effect": "grant", "reason": "She helps out.", "expires_at": "2026-02-01T00:00:00Z"
            })),
            (&owner, "/v1/roles".to_owned(), json!({"label": "Night auditor", "permissions": ["user:read", "audit:read"]})),
            (&owner, "/v1/teams".to_owned(), json!({"name": "Night shift", "description": "Watches at night."})),
            (&owner, "/v1/audit/exports".to_owned(), json!({"format": "jsonl", "search": {"action": "user.created"}})),
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

    async fn program_makes_a_role_and_a_team_and_takes_them_apart(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let planner = acme.user(Role::PlanManager).await;
        let (member, caller) = (planner.id(), Caller::from(&planner));
        let ask = async |method: &Method, path: String, body: Sent| service.send(&owner, method, &path, body).await;
        let role = json!({"label": "Night auditor", "permissions": ["audit:read", "user:read"]});
        let made = ask(&Method::POST, "/v1/roles".into(), Sent::Json(role)).await;
        assert_eq!((made.status, made.header("location")), (StatusCode::CREATED, "/v1/roles/custom-night-auditor"));
        assert_eq!(made.json()["permissions"], json!(["user:read", "audit:read"]), "in the order of the catalogue");
        let list = service.get(&owner, "/v1/roles").await.json();
        assert_eq!(list["items"].as_array().unwrap().iter().filter(|one| one["custom"] == true).count(), 1);
        let team = ask(&Method::POST, "/v1/teams".into(), Sent::Json(json!({"name": "Night shift"}))).await.json();
        let team = format!("/v1/teams/{}", team["id"].as_str().unwrap());
        for path in [format!("{team}/members/{member}"), format!("{team}/roles/custom-night-auditor")] {
            assert_eq!(ask(&Method::PUT, path.clone(), Sent::Nothing).await.status, StatusCode::NO_CONTENT, "{path}");
            assert_eq!(ask(&Method::PUT, path.clone(), Sent::Nothing).await.status, StatusCode::CONFLICT, "{path} twice");
        }
        assert_eq!(service.get(&caller, "/v1/users").await.status, StatusCode::OK);
        assert_eq!(service.get(&owner, &format!("{team}/members")).await.json()["items"][0]["user"], member.to_string());
        let shown = service.get(&owner, &format!("/v1/users/{member}")).await.json();
        assert_eq!(shown["teams"][0]["roles"], json!(["custom-night-auditor"]));
        let narrower = json!({"label": "Night auditor", "description": "", "permissions": ["audit:read"]});
        assert_eq!(ask(&Method::PUT, "/v1/roles/custom-night-auditor".into(), Sent::Json(narrower)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&caller, "/v1/users").await.status, StatusCode::FORBIDDEN);
        let held = ask(&Method::DELETE, "/v1/roles/custom-night-auditor".into(), Sent::Nothing).await;
        assert_eq!(held.status, StatusCode::CONFLICT, "a team has it");
        let gone = ask(&Method::DELETE, "/v1/roles/custom-night-auditor?replacement=auditor".into(), Sent::Nothing).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
        assert_eq!(service.get(&owner, &team).await.json()["roles"], json!(["auditor"]));
        for path in [format!("{team}/roles/auditor"), format!("{team}/members/{member}")] {
            assert_eq!(ask(&Method::DELETE, path.clone(), Sent::Nothing).await.status, StatusCode::NO_CONTENT, "{path}");
            assert_eq!(ask(&Method::DELETE, path.clone(), Sent::Nothing).await.status, StatusCode::NOT_FOUND, "{path} twice");
        }
        let dissolved = ask(&Method::POST, format!("{team}/dissolve"), Sent::Nothing).await;
        assert_eq!(dissolved.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&owner, &team).await.status, StatusCode::NOT_FOUND);
        let built_in = ask(&Method::DELETE, "/v1/roles/auditor".into(), Sent::Nothing).await;
        assert_eq!(built_in.status, StatusCode::NOT_FOUND, "a built-in role is no custom one");
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
        for answer in [&created, &renewed] {
            assert!(answer["owner"]["link_expires_at"].is_string() && answer["owner"].get("link").is_none(), "{answer}");
        }
        let asked = created["id"].as_str().unwrap().parse().unwrap();
        let mut view = db.store.read(&db.job(asked)).await.unwrap();
        let letters = bailiwick_store::mail::list(&mut view, None, None).await.unwrap().items;
        let mut states: Vec<_> = letters.iter().map(|letter| (letter.mail.to.as_str(), letter.mail.state.name())).collect();
        states.sort_unstable();
        assert_eq!(states, [("zoe@zenith.example", "given_up"), ("zoe@zenith.example", "waiting")], "the newest alone is sent");
    }

    async fn invited_person_answers_by_the_token_of_their_letter(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let stock = Stock::of(&acme, "acmemark").await;
        let post = async |caller: &Caller, path: &str, body: Value| {
            service.send(caller, &Method::POST, path, Sent::Json(body)).await
        };
        let (accept, decline) = ("/v1/invitations/accept", "/v1/invitations/decline");
        let joining = |token: &str, password: &str| json!({"token": token, "name": "Nina New", "password": password});
        let weak = post(&Caller::Nobody, accept, joining(&stock.letters[0], "short")).await;
        assert_eq!((weak.status, &weak.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/password")));
        let owner = Caller::from(&acme.owner());
        let signed_in = post(&owner, accept, joining(&stock.letters[0], PASSWORD)).await;
        assert_eq!(signed_in.status, StatusCode::CONFLICT, "one person does not join while another is signed in");
        let program = Caller::Program(full_key(&acme).await);
        assert_eq!(post(&program, decline, json!({"token": stock.letters[0]})).await.status, StatusCode::CONFLICT);
        let joined = post(&Caller::Nobody, accept, joining(&stock.letters[0], PASSWORD)).await;
        assert_eq!((joined.status, joined.header("set-cookie")), (StatusCode::OK, ""), "{}", joined.text());
        let session = joined.json()["token"].as_str().unwrap().to_owned();
        let me = service.get(&Caller::Program(session), "/v1/me").await;
        assert!(me.status == StatusCode::OK && me.text().contains("Nina New"), "{}", me.text());
        let gone = post(&Caller::Nobody, decline, json!({"token": stock.letters[1]})).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
        let never = stock.clone().without_link().letters[0].clone();
        let mut answers = Vec::new();
        for token in [stock.letters[0].as_str(), &stock.letters[1], &never, "none", ""] {
            for (path, body) in [(accept, joining(token, PASSWORD)), (decline, json!({"token": token}))] {
                let mut answer = post(&Caller::Nobody, path, body).await.json();
                answer["instance"] = Value::Null;
                answers.push(answer);
            }
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "one answer to every link that does not work: {answers:?}");
        assert_eq!(answers[0]["status"], 409);
    }

    async fn owner_reads_one_letter_and_nobody_elses(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let new = json!({"email": "new@acme.example", "role": "auditor"});
        service.send(&owner, &Method::POST, "/v1/invitations", Sent::Json(new)).await;
        let listed = service.get(&owner, "/v1/mail").await.json()["items"][0].clone();
        assert_eq!((&listed["to"], &listed["channel"], &listed["state"]), (&json!("new@acme.example"), &json!("mail"), &json!("waiting")));
        let path = format!("/v1/mail/{}", listed["id"].as_str().unwrap());
        assert_eq!(service.get(&owner, &path).await.json(), listed);
        let stranger = Caller::from(&db.tenant("other").await.owner());
        assert_eq!(service.get(&stranger, &path).await.status, StatusCode::NOT_FOUND);
        let coordinator = Caller::from(&acme.user(Role::SupportCoordinator).await);
        assert_eq!(service.get(&coordinator, &path).await.status, StatusCode::FORBIDDEN);
    }

    async fn person_names_and_removes_the_phone_that_codes_go_to(db: Db) {
        db.store.decide_outbox(Outbox { codes: MailChannel::Webhook, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let put = async |number: &str| {
            service.send(&owner, &Method::PUT, "/v1/me/phone", Sent::Json(json!({"number": number}))).await
        };
        assert_eq!(put("0491 570 156").await.json()["errors"][0]["pointer"], "#/number");
        assert_eq!(put("+61 491 570 156").await.status, StatusCode::NO_CONTENT);
        let mine = service.get(&owner, "/v1/me/phone").await;
        assert_eq!(mine.json()["waiting"]["number"], "•••0156");
        assert!(mine.json()["verified"].is_null() && mine.json()["offered"] == true && !mine.text().contains("491570156"));
        let codes = json!({"message_code": "00000000", "letter_code": "00000000"});
        let wrong = service.send(&owner, &Method::POST, "/v1/me/phone/verify", Sent::Json(codes)).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        let remove = async || service.send(&owner, &Method::DELETE, "/v1/me/phone", Sent::Nothing).await.status;
        assert_eq!((remove().await, remove().await), (StatusCode::NO_CONTENT, StatusCode::NOT_FOUND));
        let letters = service.get(&owner, "/v1/mail").await.text();
        assert!(letters.contains("•••0156") && !letters.contains("491570156"), "{letters}");
        let program = Caller::Program(full_key(&acme).await);
        assert_eq!(service.get(&program, "/v1/me/phone").await.status, StatusCode::FORBIDDEN);
    }

    async fn program_reads_changes_without_the_coming_and_going_of_people(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        // The first page begins with what has no place in the tree yet, to which the same applies.
        for settled in [false, true] {
            if settled {
                db.settle().await;
            }
            let all = service.get(&owner, "/v1/audit/events").await.text();
            let changes = service.get(&owner, "/v1/audit/events?only=changes").await.text();
            assert!(all.contains("session.created") && !changes.contains("session.created"), "{changes}");
            assert!(changes.contains("user.created"), "{changes}");
        }
        assert_eq!(service.get(&owner, "/v1/audit/events?only=x").await.status, StatusCode::BAD_REQUEST);
    }

    async fn program_searches_by_a_line_and_pages_both_ways(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        for _ in 0..60 {
            acme.add(Role::SupportCoordinator).await;
        }
        db.settle().await;
        let program = Caller::Program(full_key(&acme).await);
        let line = "/v1/audit/events?q=action%3Auser.*+-outcome%3Adenied+after%3A2000-01-01";
        let first = service.get(&program, line).await.json();
        assert_eq!((first["items"].as_array().map(Vec::len), &first["previous"], &first["unfinished"]), (Some(50), &Value::Null, &json!(false)));
        let second = service.get(&program, &format!("{line}&cursor={}", first["next"].as_str().unwrap())).await.json();
        assert!(second["items"].as_array().unwrap().len() >= 11, "{second}");
        let back = service.get(&program, &format!("{line}&cursor={}", second["previous"].as_str().unwrap())).await.json();
        let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&back), ids(&first));
        let elsewhere = service.get(&program, &format!("/v1/audit/events?cursor={}", first["next"].as_str().unwrap())).await;
        assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST, "a cursor is bound to its search");
        let wrong = service.get(&program, "/v1/audit/events?q=outcome%3Aok+actr%3Ame").await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.json()["errors"].to_string().contains("Column 12: "), "{}", wrong.text());
        let nobody = service.get(&program, "/v1/audit/events?q=outcome%3Aok+actor%3Anobody").await;
        assert!(nobody.status == StatusCode::UNPROCESSABLE_ENTITY && nobody.text().contains("Column 12: Nobody here"), "{}", nobody.text());
    }

    async fn writer_of_a_line_is_offered_what_can_stand_there(db: Db) {
        let acme = db.tenant("acme").await;
        db.settle().await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let texts = async |query: &str| {
            let answer = service.get(&owner, &format!("/v1/audit/complete?{query}")).await.json();
            let texts: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect();
            ((answer["start"].clone(), answer["end"].clone()), texts)
        };
        assert_eq!(texts("q=ac").await, ((json!(0), json!(2)), vec!["actor:".to_owned(), "action:".to_owned()]));
        assert_eq!(texts("q=-outcome%3Ad&at=10").await, ((json!(9), json!(10)), vec!["denied".to_owned()]));
        assert!(texts("q=action%3Auser").await.1.contains(&"user.*".to_owned()));
        assert!(texts("q=entity%3Asess").await.1.contains(&"session".to_owned()));
        assert_eq!(texts("q=actor%3AOliv").await.1, ["owner@acme.example"]);
        assert!(texts("q=%22some+te").await.1.is_empty());
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        assert_eq!(service.get(&auditor, "/v1/audit/complete?q=actor%3Asy").await.json()["items"][0]["text"], "system");
    }

    async fn person_keeps_a_search_and_a_program_reads_what_is_shared(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let program = Caller::Program(full_key(&acme).await);
        let new = json!({"name": "Refused", "query": "outcome:( denied | failed )", "shared": true});
        let created = service.send(&owner, &Method::POST, "/v1/audit/searches", Sent::Json(new.clone())).await;
        assert_eq!((created.status, &created.json()["query"]), (StatusCode::CREATED, &json!("outcome:(denied|failed)")));
        let one = created.header("location").to_owned();
        assert_eq!(service.get(&program, &one).await.json()["name"], "Refused");
        assert_eq!(service.send(&program, &Method::POST, "/v1/audit/searches", Sent::Json(new.clone())).await.status, StatusCode::CONFLICT);
        assert_eq!(service.send(&program, &Method::DELETE, &one, Sent::Nothing).await.status, StatusCode::NOT_FOUND);
        let mine = json!({"name": "Refused", "query": "outcome:denied"});
        assert_eq!(service.send(&owner, &Method::PUT, &one, Sent::Json(mine)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&program, &one).await.status, StatusCode::NOT_FOUND, "it is shared no longer");
        assert_eq!(service.get(&program, "/v1/audit/searches").await.json(), json!({"items": [], "next": null}));
        assert_eq!(service.send(&owner, &Method::DELETE, &one, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
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

    async fn program_finds_people_and_changes_several_with_an_answer_for_each(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let owner = Caller::from(&acme.owner());
        let (one, other) = (acme.add(Role::Auditor).await, acme.add(Role::PlanManager).await);
        let found = service.get(&owner, &format!("/v1/users?q={}&role=auditor&mfa=missing", one.email.replace('@', "%40"))).await.json();
        assert_eq!((found["items"][0]["id"].as_str(), found["items"].as_array().unwrap().len()), (Some(one.id.to_string().as_str()), 1));
        assert_eq!(service.get(&owner, "/v1/users?status=gone").await.status, StatusCode::BAD_REQUEST);
        let nobody = db.store.new_id::<bailiwick_domain::ids::UserId>();
        let people = json!({"users": [one.id, other.id, acme.owner().id(), nobody, one.id]});
        let answered = service.send(&owner, &Method::POST, "/v1/users/bulk/disable", Sent::Json(people)).await;
        assert_eq!(answered.status, StatusCode::OK);
        let items = answered.json()["items"].clone();
        let done: Vec<_> = items.as_array().unwrap().iter().map(|item| item["done"].as_bool().unwrap()).collect();
        assert_eq!(done, [true, true, false, false], "each once, in their order");
        assert_eq!((&items[0]["refusal"], items[2]["refusal"].as_str().unwrap()), (&Value::Null, "Somebody else has to disable your own account."));
        assert_eq!(service.get(&owner, "/v1/users?status=disabled").await.json()["items"].as_array().unwrap().len(), 2);
        for users in [json!([]), json!(vec![nobody; 101])] {
            let refused = service.send(&owner, &Method::POST, "/v1/users/bulk/enable", Sent::Json(json!({"users": users}))).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }

    async fn person_says_in_which_zone_they_read_times(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let (owner, member) = (Caller::from(&acme.owner()), acme.add(Role::Auditor).await.id);
        assert_eq!(service.get(&owner, "/v1/me").await.json()["time_zone"], Value::Null);
        let profile = json!({"name": "Olive Other", "time_zone": "australia/sydney"});
        assert_eq!(service.send(&owner, &Method::PUT, "/v1/me/profile", Sent::Json(profile)).await.status, StatusCode::NO_CONTENT);
        let me = service.get(&owner, "/v1/me").await.json();
        assert_eq!((&me["name"], &me["time_zone"]), (&json!("Olive Other"), &json!("Australia/Sydney")));
        let wrong = service.send(&owner, &Method::PUT, "/v1/me/profile", Sent::Json(json!({"name": "O", "time_zone": "Mars"}))).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/time_zone")));
        let path = format!("/v1/users/{member}/name");
        assert_eq!(service.send(&owner, &Method::PUT, &path, Sent::Json(json!({"name": "Nora New"}))).await.status, StatusCode::NO_CONTENT);
        let user = service.get(&owner, &format!("/v1/users/{member}")).await.json();
        assert_eq!((&user["name"], &user["time_zone"]), (&json!("Nora New"), &Value::Null));
        let asked = service.send(&owner, &Method::POST, &format!("/v1/users/{member}/delete"), Sent::Nothing).await;
        assert!(asked.status == StatusCode::FORBIDDEN && asked.text().contains("step-up-required"), "{}", asked.text());
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

    async fn auditor_has_a_drill_run_and_reads_what_came_of_it(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let auditor = Caller::from(&acme.user(Role::Auditor).await);
        db.sign().await;
        assert_eq!(service.get(&auditor, "/v1/audit/drills").await.json(), json!({"items": [], "next": null}));
        let made = service.send(&auditor, &Method::POST, "/v1/audit/drills", Sent::Nothing).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let shown = service.get(&auditor, made.header("location")).await.json();
        assert_eq!(shown, made.json());
        assert!(["named", "noticed"].contains(&shown["outcome"].as_str().unwrap()), "{shown}");
        let probes = shown["probes"].as_array().unwrap();
        assert!(!probes.is_empty() && probes.iter().all(|probe| probe["refused"] == true), "{shown}");
        assert_eq!(service.get(&auditor, "/v1/audit/drills").await.json()["items"][0]["id"], shown["id"]);
        let other = Caller::from(&db.tenant("other").await.owner());
        assert_eq!(service.get(&other, made.header("location")).await.status, StatusCode::NOT_FOUND);
        let coordinator = Caller::from(&acme.user(Role::SupportCoordinator).await);
        for path in ["/v1/audit/drills", "/v1/audit/anomalies"] {
            assert_eq!(service.get(&coordinator, path).await.status, StatusCode::FORBIDDEN);
            assert_eq!(service.get(&auditor, path).await.status, StatusCode::OK);
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

    async fn program_makes_a_stream_whose_place_a_person_has_to_confirm(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, key) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let send = async |method: Method, path: &str, sent: Sent| service.send(&key, &method, path, sent).await;
        let place = json!({"kind": "webhook", "url": "https://siem.example.com/T0KEN"});
        let new = json!({"name": "SIEM", "place": place, "filter": {"action": "user."}, "from": 0});
        let created = send(Method::POST, "/v1/audit/streams", Sent::Json(new.clone())).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        let (location, body) = (created.header("location").to_owned(), created.json());
        let secret = body["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("whsec_"));
        assert_eq!((&body["state"], &body["origin"]), (&json!("proposed"), &json!("https://siem.example.com")));
        db.settle().await;
        let dead = format!("{location}/dead-letters");
        for path in [location.as_str(), "/v1/audit/streams", "/v1/audit/events", dead.as_str()] {
            let answer = service.get(&key, path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(!answer.text().contains(&secret) && !answer.text().contains("T0KEN"), "{path}");
        }
        for path in ["start", "secret"] {
            let refused = send(Method::POST, &format!("{location}/{path}"), Sent::Nothing).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", refused.text());
        }
        assert_eq!(send(Method::POST, &format!("{location}/test"), Sent::Nothing).await.status, StatusCode::CONFLICT);
        let owner = Caller::from(&acme.owner());
        let asked = service.send(&owner, &Method::POST, &format!("{location}/start"), Sent::Nothing).await;
        assert_eq!(asked.json()["step_up"]["action"], "stream_place");
        let twice = send(Method::POST, "/v1/audit/streams", Sent::Json(new)).await;
        assert_eq!((twice.status, &twice.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/name")));
        let wrong = json!({"name": "Other", "place": {"kind": "webhook", "url": "ftp://x"}});
        let wrong = send(Method::POST, "/v1/audit/streams", Sent::Json(wrong)).await;
        assert_eq!((wrong.status, &wrong.json()["errors"][0]["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("#/place/url")));
        let renamed = send(Method::PUT, &location, Sent::Json(json!({"name": "Desk"}))).await;
        assert_eq!(renamed.status, StatusCode::NO_CONTENT);
        let shown = service.get(&key, &location).await.json();
        assert_eq!((&shown["name"], &shown["filter"]["action"]), (&json!("Desk"), &Value::Null));
        assert_eq!(send(Method::DELETE, &location, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&key, &location).await.status, StatusCode::NOT_FOUND);
    }

    async fn program_stores_a_secret_and_reads_back_everything_but_its_value(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, key) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let send = async |path: &str, sent: Sent| service.send(&key, &Method::POST, path, sent).await;
        let created = send("/v1/secrets", Sent::Json(json!({"name": "gateway/key", "value": "opensesame-one"}))).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        let location = created.header("location").to_owned();
        db.clock.advance(Span::seconds(1));
        let staged = send(&format!("{location}/stage"), Sent::Json(json!({"value": "opensesame-two"}))).await;
        assert_eq!(staged.status, StatusCode::NO_CONTENT, "{}", staged.text());
        let shown = service.get(&key, &location).await.json();
        assert_eq!((&shown["current"]["number"], &shown["staged"]["number"], &shown["previous"]), (&json!(1), &json!(2), &Value::Null));
        assert_eq!((&shown["current"]["value"], &shown["current"]["length"]), (&json!("********"), &json!("under_16")));
        assert_eq!(shown["current"]["fingerprint"].as_str().map(str::len), Some(32));
        db.settle().await;
        for path in [location.as_str(), "/v1/secrets", "/v1/audit/events"] {
            let answer = service.get(&key, path).await;
            assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"), "{path}");
            assert!(!answer.text().contains("opensesame"), "{path}");
        }
        for part in ["rotate", "delete"] {
            let refused = send(&format!("{location}/{part}"), Sent::Nothing).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{part}: {}", refused.text());
        }
        let owner = Caller::from(&acme.owner());
        for (part, action) in [("rotate", "secret_rotation"), ("delete", "secret_deletion")] {
            let asked = service.send(&owner, &Method::POST, &format!("{location}/{part}"), Sent::Nothing).await;
            assert_eq!(asked.json()["step_up"]["action"], action);
            assert!(!asked.text().contains("opensesame"));
        }
        for (wrong, pointer) in [
            (json!({"name": "gateway/key", "value": "opensesame-three"}), "#/name"),
            (json!({"name": "Gateway", "value": "opensesame-three"}), "#/name"),
            (json!({"name": "other", "value": ""}), "#/value"),
            (json!({"name": "other", "value": 7}), "#/value"),
            (json!({"name": "other", "value": "opensesame-three", "note": "x"}), "#/note"),
        ] {
            let refused = send("/v1/secrets", Sent::Json(wrong)).await;
            assert!(refused.status.is_client_error() && !refused.text().contains("opensesame"), "{}", refused.text());
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
        }
        let discarded = send(&format!("{location}/discard"), Sent::Nothing).await;
        assert_eq!(discarded.status, StatusCode::NO_CONTENT);
        let none = send(&format!("{location}/discard"), Sent::Nothing).await;
        assert_eq!(none.status, StatusCode::CONFLICT);
        let token = format!("glpat-{}", "abcdefghij0123456789");
        let document = json!({"smtp": {"host": "mail.example.com", "password": "opensesame"}, "notes": [token], "key": "env://KEY"});
        let scanned = send("/v1/secrets/scan", Sent::Json(json!({"document": document}))).await;
        let items = scanned.json()["items"].clone();
        let told: Vec<_> = items.as_array().unwrap().iter().map(|item| (item["pointer"].as_str().unwrap(), item["why"].as_str().unwrap())).collect();
        assert!(told.contains(&("/smtp/password", "field")) && told.contains(&("/notes/0", "shape")) && told.len() == 2, "{items}");
        assert!(!scanned.text().contains("opensesame") && !scanned.text().contains(&token), "{}", scanned.text());
        let resolved = send("/v1/secrets/resolve", Sent::Json(json!({"names": ["gateway/key"]}))).await;
        assert_eq!(resolved.status, StatusCode::FORBIDDEN, "this key is bound to no address: {}", resolved.text());
        assert_eq!(service.get(&key, "/v1/secrets?cursor=..%2Fx").await.status, StatusCode::BAD_REQUEST);
    }

    async fn program_sets_an_integration_up_changes_it_by_its_revision_and_tests_it(db: Db) {
        let acme = db.tenant("acme").await;
        let (service, key) = (Service::over(&db), Caller::Program(full_key(&acme).await));
        let send = async |method: Method, path: &str, sent: Sent| service.send(&key, &method, path, sent).await;
        let providers = service.get(&key, "/v1/integrations/providers").await.json();
        let names: Vec<_> = providers["items"].as_array().unwrap().iter().map(|one| one["provider"].as_str().unwrap()).collect();
        assert_eq!(names, ["payment_gateway", "smtp", "sms", "storage", "accounting", "http"]);
        assert_eq!(providers["items"][1]["schema"]["properties"]["password"]["x-class"], "secret");
        let smtp = |password: &str| json!({"host": "127.0.0.1", "port": 587, "tls": "starttls", "user": "mailer", "password": password});
        let new = |name: &str, config: Value| Sent::Json(json!({"name": name, "provider": "smtp", "config": config}));
        for (config, pointer, says) in [
            (smtp("opensesame-one"), "#/config/password", "/password: This field is one for secrets"),
            (smtp("secret://smtp/password"), "#/config/password", "no secret with this name"),
            (smtp("env://HOME"), "#/config/password", "has not opened"),
            (smtp("awssm://smtp"), "#/config/password", "AWS Secrets Manager"),
            (json!({"port": "opensesame"}), "#/config/host", "required"),
            (json!("opensesame"), "#/config", "object"),
        ] {
            let refused = send(Method::POST, "/v1/integrations", new("Mail", config)).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
            assert!(!refused.text().contains("opensesame"), "{}", refused.text());
            let first = refused.json()["errors"][0].clone();
            assert!(first["pointer"] == pointer && first["detail"].as_str().unwrap().contains(says), "{first}");
        }
        let stored = send(Method::POST, "/v1/secrets", Sent::Json(json!({"name": "smtp/password", "value": "opensesame-one"}))).await;
        assert_eq!(stored.status, StatusCode::CREATED);
        let made = send(Method::POST, "/v1/integrations", new("Mail", smtp("secret://smtp/password"))).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let location = made.header("location").to_owned();
        let shown = service.get(&key, &location).await.json();
        assert_eq!((&shown["revision"], &shown["config"]["password"], &shown["enabled"]), (&json!(1), &json!("secret://smtp/password"), &json!(false)));
        let change = |revision: i64| Sent::Json(json!({"name": "Clinic mail", "config": smtp("secret://smtp/password"), "revision": revision}));
        db.clock.advance(Span::seconds(1));
        assert_eq!(send(Method::PUT, &location, change(1)).await.status, StatusCode::NO_CONTENT);
        assert_eq!(send(Method::PUT, &location, change(1)).await.status, StatusCode::CONFLICT, "somebody changed it since");
        db.clock.advance(Span::seconds(1));
        let tested = send(Method::POST, &format!("{location}/test"), Sent::Nothing).await;
        assert_eq!((tested.status, &tested.json()["fault"]), (StatusCode::OK, &json!("forbidden")), "{}", tested.text());
        db.clock.advance(Span::seconds(1));
        assert_eq!(send(Method::POST, &format!("{location}/enable"), Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        let listed = service.get(&key, "/v1/integrations").await.json();
        assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["health"]["failures"]), (&json!("Clinic mail"), &json!(1)));
        db.clock.advance(Span::seconds(1));
        assert_eq!(send(Method::POST, &format!("{location}/disable"), Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(send(Method::DELETE, &location, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(service.get(&key, &location).await.status, StatusCode::NOT_FOUND);
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

    async fn program_asks_how_something_stood_and_what_changed_between_two_instants(db: Db) {
        let acme = db.tenant("acme").await;
        let service = Service::over(&db);
        let member = acme.add(Role::PlanManager).await.id;
        let before = db.store.now();
        db.clock.advance(Span::minutes(1));
        let owner = Caller::from(&acme.owner());
        let role = json!({"role": "auditor"});
        let changed = service.send(&owner, &Method::PUT, &format!("/v1/users/{member}/role"), Sent::Json(role)).await;
        assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
        db.settle().await;
        let now = db.store.now();
        db.clock.advance(Span::minutes(1));
        let thing = format!("/v1/audit/entities/user/{member}");
        let then = service.get(&owner, &format!("{thing}?at={before}")).await.json();
        assert_eq!((&then["known"], &then["there"], &then["image"]["role"]), (&json!(true), &json!(true), &json!("plan_manager")));
        assert_eq!((&then["last"]["revision"], &then["origins"]["role"]["revision"]), (&json!(1), &json!(1)));
        assert!(then["image"]["name"]["commit"].is_string() && !then["personal"].as_object().unwrap().is_empty(), "{then}");
        let early = service.get(&owner, &format!("{thing}?at=2025-01-01")).await.json();
        assert_eq!((&early["known"], &early["there"], &early["last"]), (&json!(true), &json!(false), &Value::Null));
        let difference = service.get(&owner, &format!("{thing}/difference?from={before}&to={now}")).await.json();
        assert_eq!(difference["changes"], json!([{"path": "/role", "op": "replace", "before": "plan_manager", "after": "auditor"}]));
        assert_eq!(difference["records"][0]["action"], "user.role_changed");
        for query in ["?at=soon", "?at=2999-01-01", "?at=2026-01-01&cursor=5", "/difference?from=2026-01-02&to=2026-01-01", "/difference?since=1"] {
            assert_eq!(service.get(&owner, &format!("{thing}{query}")).await.status, StatusCode::BAD_REQUEST, "{query}");
        }
        let stranger = Caller::from(&db.tenant("other").await.owner());
        for query in [format!("?at={before}"), "/difference".to_owned()] {
            assert_eq!(service.get(&stranger, &format!("{thing}{query}")).await.status, StatusCode::NOT_FOUND, "{query}");
        }
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
