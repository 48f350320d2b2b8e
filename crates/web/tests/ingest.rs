//! Events of the guarded product over HTTP: what is answered, and what bad input gets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::time::Span;
use bailiwick_testkit::{Db, Tenant, both_databases};
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, full_key};

const EVENTS: &str = "/v1/audit/events";

struct Stage {
    service: Service,
    key: String,
    acme: Tenant,
}

impl Stage {
    async fn set(db: &Db) -> Self {
        let acme = db.tenant("acme").await;
        Self { service: Service::over(db), key: full_key(&acme).await, acme }
    }

    async fn send(&self, path: &str, body: &Value) -> Answer {
        self.service
            .send(&Caller::Program(self.key.clone()), &Method::POST, path, Sent::Json(body.clone()))
            .await
    }

    async fn octets(&self, body: Vec<u8>) -> Answer {
        let length = body.len();
        let request = Request::post(EVENTS)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, length);
        self.service.raw(request.body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.service.get(&Caller::Program(self.key.clone()), path).await
    }
}

fn event(key: &str) -> Value {
    json!({"key": key, "action": "app.plan.approved", "entity": {"type": "app.plan", "id": "PL-1"}, "after": {"n": 1}})
}

fn with(key: &str, more: &str) -> Vec<u8> {
    let event = event(key).to_string();
    format!("{},{more}}}", &event[..event.len() - 1]).into_bytes()
}

fn pointers(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().unwrap_or_else(|| panic!("{}", answer.text())).clone();
    errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn program_records_an_event_and_finds_it_where_the_answer_says(db: Db) {
        let stage = Stage::set(&db).await;
        let made = stage.send(EVENTS, &event("a")).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let body = made.json();
        assert_eq!((&body["status"], &body["again"], &body["proof"]), (&json!("stored"), &json!(false), &Value::Null));
        db.settle().await;
        let found = stage.get(made.header("location")).await.json();
        assert_eq!((&found["id"], &found["hash"]), (&body["id"], &body["hash"]));
        let again = stage.send(EVENTS, &event("a")).await;
        assert_eq!((again.status, &again.json()["id"], &again.json()["again"]), (StatusCode::OK, &body["id"], &json!(true)));
        let listed = stage.get("/v1/audit/events?entity_type=app.plan&entity_id=PL-1").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        let history = format!("/v1/audit/entities/app.plan/{}", listed["items"][0]["entity"]["id"].as_str().unwrap());
        assert_eq!(stage.get(&history).await.status, StatusCode::OK);
        // By the product's own id wherever type and id stand together.
        for path in ["", "/difference", "/completeness"] {
            let own = stage.get(&format!("/v1/audit/entities/app.plan/PL-1{path}")).await;
            let derived = stage.get(&format!("{history}{path}")).await;
            assert_eq!(own.status, derived.status, "{path}: {}", own.text());
        }
        assert_eq!(stage.get("/v1/audit/entities/app.plan/PL-1").await.json(), stage.get(&history).await.json());
        assert_eq!(stage.get("/v1/audit/entities/app.plan/PL-2").await.status, StatusCode::NOT_FOUND);
        assert_eq!(stage.get("/v1/audit/events?actor=product:u-17").await.status, StatusCode::OK);
        let unkind = stage.get("/v1/audit/events?actor=u-17").await;
        assert!(unkind.status == StatusCode::BAD_REQUEST && unkind.text().contains("product:u-17"), "{}", unkind.text());
        let owner = Caller::from(&stage.acme.owner());
        assert_eq!(stage.service.get(&owner, "/audit/entities/app.plan/PL-1").await.status, StatusCode::OK);
        let page = stage.service.get(&owner, &format!("/audit/events/{}", body["id"].as_str().unwrap())).await;
        assert!(page.status == StatusCode::OK && page.text().contains("PL-1") && page.text().contains("Plan approved"), "{}", page.text());
    }

    async fn batch_is_answered_for_each_event_in_its_order(db: Db) {
        let stage = Stage::set(&db).await;
        let wrong = json!({"key": "b", "action": "app.plan.approved", "entity": {"type": "app.plan", "id": ""}, "colour": 1});
        let body = json!([event("a"), wrong, event("c")]);
        let all = stage.send(EVENTS, &body).await;
        assert_eq!(all.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(pointers(&all), ["#/1/colour", "#/1/entity/id"]);
        let each = stage.send(&format!("{EVENTS}?atomic=each"), &body).await;
        assert_eq!(each.status, StatusCode::OK);
        let each = each.json();
        assert_eq!((&each["stored"], &each["refused"]), (&json!(2), &json!(1)));
        assert_eq!(each["items"][0]["status"], "stored");
        assert_eq!(each["items"][1]["problem"]["errors"][0]["pointer"], "#/1/colour");
        assert_eq!(each["items"][1]["problem"]["status"], 422);
        let other = json!([json!({"key": "a", "action": "app.plan.seen", "entity": {"type": "app.plan", "id": "1"}}), event("d")]);
        let taken = stage.send(EVENTS, &other).await;
        assert_eq!((taken.status, pointers(&taken)), (StatusCode::CONFLICT, vec!["#/0/key".to_owned()]));
        assert_eq!(taken.json()["type"], "urn:bailiwick:problem:key-taken");
        let each = stage.send(&format!("{EVENTS}?atomic=each"), &other).await.json();
        assert_eq!((&each["items"][0]["problem"]["status"], &each["items"][1]["status"]), (&json!(409), &json!("stored")));
        for (path, status) in [("?atomic=some", 400), ("?wait=long", 400), ("?colour=1", 400)] {
            assert_eq!(stage.send(&format!("{EVENTS}{path}"), &event("e")).await.status.as_u16(), status, "{path}");
        }
    }

    async fn bad_input_gets_a_problem_that_names_the_place(db: Db) {
        let stage = Stage::set(&db).await;
        let deep = format!(r#""deep":{}1{}"#, "[".repeat(10_000), "]".repeat(10_000));
        let bottom = format!("#/deep{}", "/0".repeat(31));
        let long = format!(r#""reason":"{}""#, "x".repeat(2_000_000));
        let later = format!(r#""occurred_at":"{}""#, db.store.now() + Span::minutes(6));
        let ancient = format!(r#""occurred_at":"{}""#, db.store.now() - Span::days(400));
        for (more, pointer) in [
            (r#""key":"b""#, "#/key"),
            (r#""before":{"a":NaN}"#, "#/before/a"),
            (r#""before":{"a":[-Infinity]}"#, "#/before/a/0"),
            (r#""before":{"a":9007199254740993}"#, "#/before/a"),
            (r#""before":{"a":1.25}"#, "#/before/a"),
            (r#""before":{"a":{"b":1,"b":1}}"#, "#/before/a/b"),
            (deep.as_str(), bottom.as_str()),
            (long.as_str(), "#/reason"),
            (later.as_str(), "#/occurred_at"),
            (ancient.as_str(), "#/occurred_at"),
            (r#""tenant":"0193a7c2-7b1e-7000-8000-000000000001""#, "#/tenant"),
            (r#""colour":"red""#, "#/colour"),
        ] {
            let answer = stage.octets(with("a", more)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pointer}: {}", answer.text());
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert!(pointers(&answer).contains(&pointer.to_owned()), "{pointer}: {}", answer.text());
        }
        let mut octets = with("a", r#""reason":"?""#);
        let place = octets.iter().rposition(|octet| *octet == b'?').unwrap();
        octets[place] = 0xff;
        assert_eq!(pointers(&stage.octets(octets).await), ["#/reason"]);
        let cut = stage.octets(b"{\"key\":".to_vec()).await;
        assert_eq!((cut.status, pointers(&cut)), (StatusCode::BAD_REQUEST, vec!["#".to_owned()]));
        let huge = stage.octets(vec![b' '; 5 * 1024 * 1024]).await;
        assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
        let elsewhere = Request::post("/v1/roles")
            .header(header::AUTHORIZATION, format!("Bearer {}", stage.key))
            .header(header::CONTENT_TYPE, "application/json");
        let elsewhere = stage.service.raw(elsewhere.body(Body::from(vec![b' '; 2 * 1024 * 1024])).unwrap()).await;
        assert_eq!(elsewhere.status, StatusCode::PAYLOAD_TOO_LARGE, "only events may be larger");
    }

    async fn program_reads_and_sets_what_is_never_stored(db: Db) {
        let stage = Stage::set(&db).await;
        let key = Caller::Program(stage.key.clone());
        let detectors = stage.get("/v1/audit/intake").await.json()["detectors"].clone();
        let rules = json!({"rules": ["secret /pin"], "detectors": detectors});
        let set = stage.service.send(&key, &Method::PUT, "/v1/audit/intake", Sent::Json(rules)).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text());
        let shown = stage.get("/v1/audit/intake").await.json();
        assert_eq!(shown, json!({"rules": ["secret /pin"], "detectors": detectors}));
        for less in [json!({"rules": [], "detectors": detectors}), json!({"rules": ["secret /pin"], "detectors": ["card"]})] {
            let less = stage.service.send(&key, &Method::PUT, "/v1/audit/intake", Sent::Json(less)).await;
            assert_eq!(less.status, StatusCode::CONFLICT, "a key takes nothing away: {}", less.text());
        }
        let wrong = json!({"rules": ["secret /pin", "hide /x"], "detectors": []});
        let wrong = stage.service.send(&key, &Method::PUT, "/v1/audit/intake", Sent::Json(wrong)).await;
        assert_eq!(pointers(&wrong), ["#/rules"]);
        let mut tried = event("t");
        tried["after"] = json!({"pin": "hunter2"});
        let tried = stage.send("/v1/audit/intake/try", &json!({"event": tried.to_string()})).await;
        assert_eq!(tried.json()["changes"][0]["after"], json!({"redacted": true}), "{}", tried.text());
        assert_eq!(tried.json()["redacted"][0], json!({"pointer": "/pin", "class": "secret", "detector": null}));
        let new = json!({"action": "app.plan.approved", "schema": {"required": ["actor"]}});
        let made = stage.send("/v1/audit/schemas", &new).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let path = made.header("location").to_owned();
        assert_eq!(stage.get(&path).await.json()["schema"], json!({"required": ["actor"]}));
        assert_eq!(pointers(&stage.send(EVENTS, &event("s")).await), ["#"]);
        let loose = Sent::Json(json!({"schema": {}}));
        assert_eq!(stage.service.send(&key, &Method::PUT, &path, loose).await.status, StatusCode::NO_CONTENT);
        assert_eq!(stage.send(EVENTS, &event("s")).await.status, StatusCode::CREATED);
        assert_eq!(stage.service.send(&key, &Method::DELETE, &path, Sent::Nothing).await.status, StatusCode::NO_CONTENT);
        assert_eq!(stage.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stage.get("/v1/audit/schemas").await.json()["items"], json!([]));
    }
}
