//! What no honest client sends: always a problem with the right status, never a fault of the server, and never a word
//! of what was sent or of how the server is made.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use bailiwick_domain::rule::Need;
use bailiwick_testkit::{Db, Tenant, both_databases};
use http_body::Frame;
use serde_json::{Value, json};
use support::{Answer, Caller, Sent, Service, bodies::body, stock::Stock};

/// Stands for a secret that somebody sent into the wrong place.
const SECRET: &str = "hunter2-in-the-wrong-field";

/// What a client may never read: it would say how the server is made.
const INSIDES: [&str; 14] = [
    "panicked",
    "stack backtrace",
    ".rs:",
    "sqlx",
    "serde",
    "axum",
    "tokio",
    "SELECT ",
    "INSERT ",
    "postgres",
    "sqlite",
    "RUST_",
    concat!("/ro", "ot/"),
    "unwrap",
];

/// Says what is wrong with an answer to bad input.
fn check(answer: &Answer, what: &str) {
    let text = answer.text();
    assert!(answer.status.is_client_error(), "{what}: {} {text}", answer.status);
    assert!(!text.contains(SECRET), "{what} repeats what was sent: {text}");
    for inside in INSIDES {
        assert!(!text.to_lowercase().contains(&inside.to_lowercase()), "{what} shows {inside}: {text}");
    }
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}: {text}");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status.as_u16(), "{what}");
    assert!(
        problem["type"].as_str().is_some_and(|kind| kind.starts_with("urn:bailiwick:problem:")),
        "{what}"
    );
    assert!(problem["title"].is_string() && problem["detail"].is_string(), "{what}");
}

/// An owner with everything to try it on.
struct Stage {
    service: Service,
    owner: Caller,
    token: String,
    csrf: String,
    tenant: Tenant,
}

impl Stage {
    async fn set(db: &Db) -> Self {
        let tenant = db.tenant("acme").await;
        Self::over(Service::over(db), tenant)
    }

    fn over(service: Service, tenant: Tenant) -> Self {
        let token = tenant.owner().present_token();
        let csrf = bailiwick_vault::token::SessionToken::parse(&token).unwrap().csrf().as_str().to_owned();
        Self { service, owner: (&tenant.owner()).into(), token, csrf, tenant }
    }

    /// The same after the owner has answered codes elsewhere: their session has another token by now.
    fn resumed(self) -> Self {
        Self::over(self.service, self.tenant)
    }

    /// Sends these very octets as the owner.
    async fn octets(&self, method: &Method, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request
            .header(header::COOKIE, format!("__Host-bailiwick={}", self.token))
            .header("x-csrf-token", &self.csrf);
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        self.service.raw(request.body(body.into()).unwrap()).await
    }

    async fn json(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.octets(&Method::POST, path, Some("application/json"), body).await
    }
}

const JSON: &str = "application/json";

both_databases! {
    async fn a_body_that_is_not_json_is_a_bad_request(db: Db) {
        let stage = Stage::set(&db).await;
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        let deep_inside = format!(r#"{{"email":{}"#, r#"{"a":"#.repeat(20_000));
        for (body, status) in [
            ("".as_bytes(), 400),
            (b"{", 400),
            (b"{\"email\":", 400),
            (b"nope", 400),
            (b"{\"email\":\"a@example.com\",\"role\":\"auditor\"} {}", 400),
            (b"{'email':'a@example.com'}", 400),
            (b"{\"email\":\"a@example.com\",}", 400),
            (b"{\"email\":\"\xff\xfe\",\"role\":\"auditor\"}", 400),
            (b"{\"email\":\"\\ud800\",\"role\":\"auditor\"}", 400),
            (b"\xef\xbb\xbf{\"email\":\"a@example.com\",\"role\":\"auditor\"}", 400),
            (b"\x00", 400),
            (b"null", 422),
            (b"[]", 422),
            (b"[\"a@example.com\",\"auditor\",null]", 422),
            (b"\"text\"", 422),
            (b"1e999", 400),
            (deep.as_bytes(), 422),
            (deep_inside.as_bytes(), 422),
        ] {
            let answer = stage.json("/v1/invitations", body.to_vec()).await;
            let shown: String = String::from_utf8_lossy(body).chars().take(60).collect();
            check(&answer, &shown);
            assert_eq!(answer.status, status, "{shown}");
        }
        let list = stage.service.get(&stage.owner, "/v1/invitations").await.json();
        assert_eq!(list["items"], json!([]), "nothing of it was taken");
    }

    async fn the_field_that_is_wrong_is_named(db: Db) {
        let stage = Stage::set(&db).await;
        for (path, body, pointer) in [
            ("/v1/invitations", json!({"email": 7, "role": "auditor"}).to_string(), "#/email"),
            ("/v1/invitations", json!({"email": {"a": SECRET}, "role": "auditor"}).to_string(), "#/email"),
            ("/v1/invitations", json!({"role": "auditor"}).to_string(), "#/email"),
            ("/v1/invitations", json!({"email": "a@example.com", "role": "auditor", "expires_at": SECRET}).to_string(), "#/expires_at"),
            ("/v1/invitations", json!({"email": "a@example.com", "role": "auditor", SECRET: 1}).to_string(), "#/hunter2"),
            ("/v1/invitations", r#"{"email":"a@example.com","role":"auditor","role":"tenant_owner"}"#.to_owned(), "#/role"),
            ("/v1/invitations", json!({"email": "a@example.com", "role": SECRET}).to_string(), "#/role"),
            ("/v1/api-keys", json!({"name": "x", "scopes": "user:read"}).to_string(), "#/scopes"),
            ("/v1/api-keys", json!({"name": "x", "scopes": ["user:read", 7]}).to_string(), "#/scopes/1"),
            ("/v1/api-keys", json!({"name": "x", "scopes": ["user:read", SECRET]}).to_string(), "#/scopes/1"),
            ("/v1/api-keys", json!({"name": "x\u{0}", "scopes": ["user:read"]}).to_string(), "#/name"),
        ] {
            let answer = stage.json(path, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            let found = answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
            assert!(found.starts_with(pointer), "{body}: {found}");
            if pointer != "#/hunter2" {
                check(&answer, &body);
            }
        }
    }

    async fn no_value_of_any_type_in_any_field_is_a_fault_of_the_server(db: Db) {
        let stage = Stage::set(&db).await;
        let platform = db.platform().await;
        let own = Stock::of(&stage.tenant, "acmemark").await;
        let platform_own = Stock::of(&platform, "platformmark").await;
        let spare = Stock::of(&db.tenant("spare").await, "sparemark").await;
        let stage = stage.resumed();
        let values = [
            Value::Null,
            json!(true),
            json!(-1),
            json!(1.5),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("\u{0}"),
            json!("a\u{0}b@example.com"),
            json!("' OR 1=1 --"),
            json!("\u{202e}\u{feff}\u{10ffff}"),
            json!("9999-12-31T23:59:59.999999Z"),
            json!("1970-01-01T00:00:00Z"),
            json!("x".repeat(100_000)),
            json!([]),
            json!(["", "\u{0}", 7, null]),
            json!({}),
            json!({"commit": "0"}),
        ];
        let catalogue = db.store.catalogue();
        let (mut asked, mut serial) = (0, 0);
        // Proving again who one is ends what the rest needs.
        for row in bailiwick_web::routes().table().into_iter().filter(|row| row.path.starts_with("/v1/") && row.path != "/v1/me/proof") {
            let for_platform = row.need.permission().is_some_and(|permission| catalogue.platform_permissions().contains(permission));
            let (caller, mine) = match row.need {
                Need::Anyone => (Caller::Nobody, &own),
                _ if for_platform => ((&platform.owner()).into(), &platform_own),
                _ => (stage.owner.clone(), &own),
            };
            let path = if for_platform { spare.path(row.path) } else { own.path(row.path) };
            let Sent::Json(Value::Object(good)) = body(&row, mine, 0) else { continue };
            for field in good.keys() {
                for value in &values {
                    serial += 1;
                    let Sent::Json(Value::Object(mut bad)) = body(&row, mine, serial) else { continue };
                    bad.insert(field.clone(), value.clone());
                    let answer = stage.service.send(&caller, &row.method, &path, Sent::Json(Value::Object(bad))).await;
                    asked += 1;
                    let what = format!("{} {} with {field} = {:.60}", row.method, row.path, value.to_string());
                    assert!(!answer.status.is_server_error(), "{what}: {} {}", answer.status, answer.text());
                    if !answer.status.is_success() {
                        check(&answer, &what);
                    }
                }
            }
        }
        assert!(asked > 300, "only {asked} requests");
    }

    async fn field_that_an_operation_does_not_take_is_refused_by_name(db: Db) {
        let stage = Stage::set(&db).await;
        let platform = db.platform().await;
        let own = Stock::of(&stage.tenant, "acmemark").await;
        let platform_own = Stock::of(&platform, "platformmark").await;
        let spare = Stock::of(&db.tenant("spare").await, "sparemark").await;
        let stage = stage.resumed();
        let catalogue = db.store.catalogue();
        let mut asked = 0;
        for row in bailiwick_web::routes().table().into_iter().filter(|row| row.path.starts_with("/v1/")) {
            let for_platform = row.need.permission().is_some_and(|permission| catalogue.platform_permissions().contains(permission));
            let (caller, mine) = if for_platform { ((&platform.owner()).into(), &platform_own) } else { (stage.owner.clone(), &own) };
            let path = if for_platform { spare.path(row.path) } else { own.path(row.path) };
            for (field, value) in [("tenant", json!(own.id.to_string())), ("is_owner", json!(true)), ("permissions", json!(["tenant:create"]))] {
                let Sent::Json(Value::Object(mut more)) = body(&row, mine, 0) else { continue };
                if more.insert(field.to_owned(), value).is_some() {
                    continue;
                }
                let answer = stage.service.send(&caller, &row.method, &path, Sent::Json(Value::Object(more))).await;
                let what = format!("{} {} with {field}", row.method, row.path);
                assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.text());
                assert_eq!(answer.json()["errors"][0]["pointer"], format!("#/{field}"), "{what}");
                asked += 1;
            }
        }
        assert!(asked > 20, "only {asked} requests");
    }

    async fn what_is_too_large_is_refused_before_it_is_read(db: Db) {
        let stage = Stage::set(&db).await;
        let large = format!(r#"{{"email":"{}"}}"#, "x".repeat(1024 * 1024));
        let answer = stage.json("/v1/invitations", large).await;
        check(&answer, "a large body");
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let answer = stage.json("/v1/invitations", Body::new(Pieces(17))).await;
        check(&answer, "a large body of unknown length");
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let answer = stage.service.get(&stage.owner, &format!("/v1/audit/events?action={}", "x".repeat(5_000))).await;
        check(&answer, "a long query");
        assert_eq!(answer.status, StatusCode::URI_TOO_LONG);
        let many = "actor=&".repeat(500);
        let answer = stage.service.get(&stage.owner, &format!("/v1/audit/events?{many}")).await;
        assert_eq!(answer.status, StatusCode::OK, "filters left empty are none");
        let mut request = Request::builder().uri("/v1/me");
        for number in 0..100 {
            request = request.header(format!("x-{number}"), "1");
        }
        let answer = stage.service.raw(request.body(Body::empty()).unwrap()).await;
        check(&answer, "many headers");
        assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }

    async fn another_content_type_is_refused(db: Db) {
        let stage = Stage::set(&db).await;
        let body = json!({"email": "a@example.com", "role": "auditor"}).to_string();
        let kinds = ["text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""];
        for kind in kinds.into_iter().map(Some).chain([None]) {
            let answer = stage.octets(&Method::POST, "/v1/invitations", kind, body.clone()).await;
            check(&answer, &format!("{kind:?}"));
            assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind:?}");
        }
    }

    async fn an_operation_that_takes_no_body_takes_none(db: Db) {
        let stage = Stage::set(&db).await;
        let own = Stock::of(&stage.tenant, "acmemark").await;
        let stage = stage.resumed();
        let path = format!("/v1/users/{}/disable", own.user);
        for body in ["[]", "null", r#"{"reason":"x"}"#, "x", "{}{}"] {
            let answer = stage.octets(&Method::POST, &path, Some(JSON), body).await;
            check(&answer, body);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        }
        assert_eq!(stage.octets(&Method::POST, &path, Some(JSON), "{}").await.status, StatusCode::NO_CONTENT);
    }

    async fn what_is_not_an_id_names_nothing(db: Db) {
        let stage = Stage::set(&db).await;
        let nil = "00000000-0000-0000-0000-000000000000";
        for id in ["1", "x", "-1", nil, &nil.to_uppercase(), "0193a7c27b1e70008000000000000001", "%7B0193a7c2-7b1e-7000-8000-000000000001%7D",
            "%00", "%ff", "%F0%9F%94%92", "..%2f..%2fetc%2fpasswd", "null", "' OR 1=1 --", "me", "{id}", "%2e%2e"] {
            let id = id.replace(' ', "%20");
            for path in [
                format!("/v1/users/{id}"),
                format!("/v1/users/{id}/grants/{nil}"),
                format!("/v1/users/{nil}/grants/{id}"),
                format!("/v1/invitations/{id}"),
                format!("/v1/api-keys/{id}"),
                format!("/v1/audit/events/{id}"),
                format!("/v1/audit/entities/user/{id}"),
                format!("/v1/audit/entities/{id}/{nil}"),
                format!("/v1/security-events/{id}"),
            ] {
                let Ok(request) = Request::builder().uri(&path).header(header::COOKIE, format!("__Host-bailiwick={}", stage.token)).body(Body::empty()) else { continue };
                let answer = stage.service.raw(request).await;
                check(&answer, &path);
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            }
        }
        assert_eq!(stage.service.get(&stage.owner, "/v1/users/..").await.status, StatusCode::NOT_FOUND);
    }

    async fn a_cursor_or_filter_of_ones_own_making_is_refused(db: Db) {
        let stage = Stage::set(&db).await;
        let lists = ["/v1/users", "/v1/invitations", "/v1/api-keys", "/v1/security-events", "/v1/audit/events"];
        for list in lists {
            for query in ["cursor=x", "cursor=1.x", "cursor=%00", "cursor=.", "cursor=99999999999999999999", "cursor=1&cursor=2", "page=2", "limit=1000000", "cursor[]=1"] {
                let path = format!("{list}?{query}");
                let answer = stage.service.get(&stage.owner, &path).await;
                check(&answer, &path);
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
            }
            for cursor in ["9223372036854775807.ffffffffffffffffffffffffffffffff", "-9223372036854775808.00000000000000000000000000000000", "18446744073709551615"] {
                let answer = stage.service.get(&stage.owner, &format!("{list}?cursor={cursor}")).await;
                assert!(!answer.status.is_server_error(), "{list} {cursor}: {}", answer.text());
            }
        }
        for query in ["actor=me", "entity_type=user%00", "entity_type=%27", "action=user.*", "from=yesterday", "to=2026-02-30", "outcome=OK", "entity_id=1", "query=hunter2-in-the-wrong-field"] {
            let answer = stage.service.get(&stage.owner, &format!("/v1/audit/events?{query}")).await;
            check(&answer, query);
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        }
        for query in ["from=9999-12-31", "to=1970-01-01", "from=2026-01-02&to=2026-01-01"] {
            let answer = stage.service.get(&stage.owner, &format!("/v1/audit/events?{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        }
    }

    async fn a_method_that_is_not_there_is_named_with_those_that_are(db: Db) {
        let stage = Stage::set(&db).await;
        for method in [Method::OPTIONS, Method::DELETE, Method::PATCH, Method::TRACE, Method::PUT, Method::CONNECT, Method::from_bytes(b"BREW").unwrap()] {
            let answer = stage.octets(&method, "/v1/invitations", None, Body::empty()).await;
            check(&answer, method.as_str());
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            let allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
            assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{method}: {allowed:?}");
        }
        for path in ["/v1", "/v1/", "/v1/nothing", "/v1/users/", "/V1/users", "/v2/users", "/v1//users", "/v1/users/x/y/z"] {
            let answer = stage.octets(&Method::GET, path, None, Body::empty()).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn head_answers_as_get_without_the_body(db: Db) {
        let stage = Stage::set(&db).await;
        for path in ["/v1/me", "/v1/users", "/v1/policy", "/v1/access", "/v1/permissions"] {
            let get = stage.service.get(&stage.owner, path).await;
            let head = stage.service.send(&stage.owner, &Method::HEAD, path, Sent::Nothing).await;
            assert_eq!((head.status, head.header("content-type")), (get.status, get.header("content-type")), "{path}");
            assert_eq!(get.status, StatusCode::OK, "{path}");
            assert!(head.body.is_empty(), "{path}");
        }
        let refused = stage.service.send(&Caller::Nobody, &Method::HEAD, "/v1/me", Sent::Nothing).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }

    async fn a_credential_that_is_none_is_not_repeated(db: Db) {
        let stage = Stage::set(&db).await;
        for value in [format!("Bearer {SECRET}"), format!("Basic {SECRET}"), SECRET.to_owned(), String::new(), "Bearer ".to_owned(), format!("Bearer {}", "x".repeat(4_000))] {
            let request = Request::builder().uri("/v1/me").header(header::AUTHORIZATION, &value).body(Body::empty()).unwrap();
            let answer = stage.service.raw(request).await;
            check(&answer, &value);
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{value}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{value}");
        }
        let both = Request::builder().uri("/v1/me").header(header::AUTHORIZATION, "Bearer x");
        let both = both.header(header::COOKIE, format!("__Host-bailiwick={}", stage.token)).body(Body::empty()).unwrap();
        let answer = stage.service.raw(both).await;
        check(&answer, "a key beside a session");
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let junk = Request::builder().uri("/v1/me").header(header::COOKIE, format!("__Host-bailiwick={SECRET}")).body(Body::empty()).unwrap();
        let answer = stage.service.raw(junk).await;
        check(&answer, "a cookie that is no session");
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

/// Says what is wrong with a page in answer to bad input.
fn check_page(answer: &Answer, what: &str) {
    let text = answer.text();
    assert!(!answer.status.is_server_error(), "{what}: {} {text}", answer.status);
    for inside in ["panicked", "stack backtrace", ".rs:", "sqlx"] {
        assert!(!text.contains(inside), "{what} shows {inside}: {text}");
    }
    if answer.status.is_client_error() {
        assert!(answer.header("content-type").starts_with("text/html"), "{what}: {text}");
    }
}

both_databases! {
    async fn no_filter_in_any_address_is_a_fault_of_the_server(db: Db) {
        let stage = Stage::set(&db).await;
        let names = ["q", "cursor", "before", "after", "from", "to", "at", "range", "actor", "action", "type", "entity", "outcome", "only", "status", "role", "next"];
        let values = ["%00", "%27%22%3Cscript%3E", "-1", "99999999999999999999", "9999-12-31", "1970-01-01", "%E2%80%AE%EF%BB%BF", "%ff", "1.x"];
        let long = "x".repeat(3_000);
        let mut faults = Vec::new();
        for row in bailiwick_web::routes().table() {
            if row.method != Method::GET || row.path.contains('{') {
                continue;
            }
            for name in names {
                for value in values.into_iter().chain([long.as_str()]) {
                    let answer = stage.service.get(&stage.owner, &format!("{}?{name}={value}", row.path)).await;
                    let what = format!("{}?{name}={value:.30}", row.path);
                    assert!(!answer.text().contains("<script>"), "{what}: {}", answer.text());
                    if answer.status.is_server_error() {
                        faults.push(format!("{what}: {}", answer.status));
                    } else if !row.path.starts_with("/v1/") {
                        check_page(&answer, &what);
                    } else if !answer.status.is_success() && answer.status != StatusCode::FORBIDDEN {
                        check(&answer, &what);
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    async fn no_value_in_any_form_is_a_fault_of_the_server(db: Db) {
        let stage = Stage::set(&db).await;
        let platform = db.platform().await;
        let own = Stock::of(&stage.tenant, "acmemark").await;
        let platform_own = Stock::of(&platform, "platformmark").await;
        let spare = Stock::of(&db.tenant("spare").await, "sparemark").await;
        let stage = stage.resumed();
        let long = "x".repeat(30_000);
        let values = ["", "\u{0}", "' OR 1=1 --", "-1", "99999999999999999999", "\u{202e}\u{feff}", "<script>bad", "//evil.example", &long];
        let catalogue = db.store.catalogue();
        let (mut asked, mut serial) = (0, 0);
        // Signing out ends what the rest needs, and so does proving again who one is.
        for row in bailiwick_web::routes().table().into_iter().filter(|row| row.writes && !row.path.starts_with("/v1/") && !["/sign-out", "/sign-in/again"].contains(&row.path)) {
            let for_platform = row.need.permission().is_some_and(|permission| catalogue.platform_permissions().contains(permission));
            let (caller, mine) = match row.need {
                Need::Anyone => (Caller::Nobody, &own),
                _ if for_platform => ((&platform.owner()).into(), &platform_own),
                _ => (stage.owner.clone(), &own),
            };
            let path = if for_platform { spare.path(row.path) } else { own.path(row.path) };
            let Sent::Form(good) = body(&row, mine, 0) else { continue };
            for at in 0..good.len() {
                for value in values {
                    serial += 1;
                    let Sent::Form(mut bad) = body(&row, mine, serial) else { continue };
                    value.clone_into(&mut bad[at].1);
                    let what = format!("{} {} with {} = {value:.30}", row.method, row.path, bad[at].0);
                    let answer = stage.service.send(&caller, &row.method, &path, Sent::Form(bad)).await;
                    check_page(&answer, &what);
                    assert!(!answer.text().contains("<script>bad"), "{what}: {}", answer.text());
                    assert!(!answer.header("location").contains("evil.example"), "{what} leads away");
                    asked += 1;
                }
            }
            let mut twice = good.clone();
            twice.extend(good.iter().cloned());
            twice.push(("admin", "yes".to_owned()));
            check_page(&stage.service.send(&caller, &row.method, &path, Sent::Form(twice)).await, row.path);
        }
        assert!(asked > 150, "only {asked} requests");
    }

    async fn a_password_is_never_shown_again(db: Db) {
        let stage = Stage::set(&db).await;
        let own = Stock::of(&stage.tenant, "acmemark").await;
        let stage = stage.resumed();
        let address = stage.tenant.owner().user.email;
        for (path, fields) in [
            ("/sign-in".to_owned(), vec![("address", address.clone()), ("password", SECRET.to_owned())]),
            ("/sign-in".to_owned(), vec![("password", SECRET.to_owned())]),
            ("/sign-in".to_owned(), vec![("address", address), ("password", SECRET.to_owned()), ("more", "x".to_owned())]),
            (format!("/enrol/{}", own.link), vec![("new", SECRET.to_owned()), ("again", "another one entirely".to_owned())]),
            (format!("/enrol/{}", own.link), vec![("new", "short".to_owned()), ("again", SECRET.to_owned())]),
            (format!("/reset/{}", own.reset), vec![("new", SECRET.to_owned()), ("again", "another one entirely".to_owned())]),
            (format!("/reset/{}", own.reset), vec![("new", "short".to_owned()), ("again", SECRET.to_owned())]),
            ("/account/password/first".to_owned(), vec![("new", SECRET.to_owned()), ("again", "x".to_owned())]),
            ("/account/password".to_owned(), vec![("current", SECRET.to_owned()), ("new", SECRET.to_owned()), ("again", "x".to_owned())]),
        ] {
            let caller = if path.starts_with("/account") { &stage.owner } else { &Caller::Nobody };
            let answer = stage.service.send(caller, &Method::POST, &path, Sent::Form(fields)).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
            check_page(&answer, &path);
            assert!(!answer.text().contains(SECRET), "{path}: {}", answer.text());
        }
    }
}

/// A body in pieces, whose length nobody announces.
struct Pieces(usize);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(None) };
        self.0 = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 64 * 1024])))))
    }
}
