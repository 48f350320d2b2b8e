//! The example of the client, guarded by its layer, before the real program.

use std::net::SocketAddr;

use bailiwick_client::{Client, Subject};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Http, Owner, text},
    letters::organisation,
    support::{Place, connect, free_port},
};

#[allow(dead_code, clippy::disallowed_methods, reason = "its `main` is for whoever runs the example")]
#[path = "../../../client/examples/guarded_app.rs"]
mod guarded_app;

fn key(owner: &Owner, at: SocketAddr, scopes: &[&str]) -> (String, String) {
    let made = owner
        .send(&mut Http::open(at), "/v1/api-keys", &json!({"name": "Program", "scopes": scopes}))
        .unwrap();
    assert_eq!(made.status(), 201, "{}", made.body);
    let made: Value = serde_json::from_str(&made.body).unwrap();
    (text(&made["secret"]), text(&made["id"]))
}

fn ask(at: SocketAddr, method: &str, path: &str, shown: &str) -> Answer {
    let head = if shown.is_empty() { String::new() } else { format!("Authorization: Bearer {shown}\r\n") };
    Http::named(connect(at), &at.to_string()).ask(method, path, &head, "")
}

fn body(answer: &Answer) -> Value {
    assert_eq!(answer.status(), 200, "{}{}", answer.head, answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

#[test]
fn the_example_app_admits_and_refuses_and_leaves_its_record() {
    let mut place = Place::empty();
    let owner = organisation(&mut place);
    let before = place.serve(&[]);
    let (product, _) = key(&owner, before.address, &["access:check", "audit:write"]);
    let (reads, reads_id) = key(&owner, before.address, &["audit:read"]);
    let (lacks, _) = key(&owner, before.address, &["user:read"]);
    before.stop();
    // A client names the address that it connects to, so that has to be the public one.
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    let server = place.serve_at(port, &["--set", &format!("server.public_url={address}")]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = Client::new(&address, &product).unwrap();
    let app = guarded_app::app(client.clone());
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let at = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, app).await });

    assert_eq!(ask(at, "GET", "/", "").body, "It is there.");
    // Refused: nobody, nonsense, and whoever lacks the permission.
    for (shown, status) in [("", 401), ("nonsense", 401), ("session.nonsense", 401), (lacks.as_str(), 403)] {
        let refused = ask(at, "GET", "/records", shown);
        assert_eq!(refused.status(), status, "{shown}: {}", refused.body);
        assert!(!refused.body.contains("shown_to"), "{}", refused.body);
    }
    // Admitted: a key that has it, and the session of a person.
    assert_eq!(body(&ask(at, "GET", "/records", &reads))["shown_to"]["key"], reads_id);
    let cookie = owner.headers.split("__Host-bailiwick=").nth(1).unwrap();
    let session = format!("session.{}", cookie.split([';', '\r']).next().unwrap());
    let shown = body(&ask(at, "GET", "/records", &session));
    assert_eq!(shown["shown_to"]["role"], "tenant_owner");
    // What the app does stands in the audit log.
    assert_eq!(ask(at, "POST", "/plans/PL-1/approve", &reads).status(), 403);
    let approved = body(&ask(at, "POST", "/plans/PL-1/approve", &session));
    let record =
        ask(server.address, "GET", &format!("/v1/audit/events/{}", text(&approved["record"])), &reads);
    assert!(
        record.body.contains("app.plan.approved") && record.body.contains(&text(&approved["hash"])),
        "{}",
        record.body
    );
    // The client says what a session is, and what becomes of it.
    let told = runtime.block_on(client.introspect(&session)).unwrap();
    assert!(told.active && told.ends_at.is_some() && told.user.is_some(), "{told:?}");
    let out = ask(server.address, "POST", "/v1/sign-out", &session);
    assert!(out.status() < 300, "{}{}", out.head, out.body);
    assert!(!runtime.block_on(client.introspect(&session)).unwrap().active);
    assert_eq!(
        ask(at, "GET", "/records", &session).status(),
        401,
        "an ended session is refused with the next request"
    );
    let decided =
        runtime.block_on(client.authorize(Subject::Key(&lacks), &["audit:read", "user:read"])).unwrap();
    let reasons: Vec<_> = decided.answers.iter().map(|answer| answer.reason.as_str()).collect();
    assert!(!decided.allowed && reasons == ["out_of_scope", "scope"], "{decided:?}");
    // Where Bailiwick does not answer, nobody is let in.
    server.stop();
    assert_eq!(ask(at, "GET", "/records", &reads).status(), 503);
    assert_eq!(ask(at, "GET", "/", "").status(), 200);
}
