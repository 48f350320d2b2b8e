//! An app with two guarded places: `cargo run -p bailiwick-client --example guarded_app -- https://bailiwick.example.com KEY_FILE`.
//!
//! The key in the file takes the scopes `access:check` and `audit:write`. Then, with a key or the session of a program that holds them:
//! `curl -H "Authorization: Bearer …" http://127.0.0.1:3000/records`.

use std::error::Error;

use axum::{
    Extension, Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use bailiwick_client::{Actor, Client, Event, Guard, Identity, Thing};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The app: everybody may look whether it is there, the rest is for whoever holds what the guard asks for.
pub(crate) fn app(client: Client) -> Router {
    Router::new()
        .route("/", get(|| async { "It is there." }))
        .route("/records", get(records).layer(Guard::new(client.clone(), "audit:read")))
        .route("/plans/{plan}/approve", post(approve).layer(Guard::new(client.clone(), "policy:update")))
        .with_state(client)
}

async fn records(Extension(who): Extension<Identity>) -> Json<Value> {
    Json(json!({"shown_to": {"user": who.user, "role": who.role, "key": who.key}}))
}

/// What it does is in the audit log before it says that it is done.
async fn approve(
    axum::extract::State(client): axum::extract::State<Client>,
    axum::extract::Path(plan): axum::extract::Path<String>,
    Extension(who): Extension<Identity>,
) -> Result<Json<Value>, StatusCode> {
    let key = format!("approve-{plan}");
    let thing = Thing { r#type: "app.plan".into(), id: plan };
    let mut event = Event::new(key, "app.plan.approved", thing);
    event.actor = who.user.map(|user| Actor { id: user.to_string() });
    event.after = Some(json!({"state": "approved"}));
    let stored = client.record(&event).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Json(json!({"record": stored.id, "hash": stored.hash})))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("say the address of Bailiwick and the file with the key".into());
    };
    let client = Client::new(&address, &std::fs::read_to_string(file)?)?;
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app(client)).await?;
    Ok(())
}
