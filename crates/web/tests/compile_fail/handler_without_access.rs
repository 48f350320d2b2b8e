//! A handler that declares no rule.

use axum::extract::State;
use bailiwick_web::{routes::Routes, state::AppState};

async fn list(State(_): State<AppState>) -> &'static str {
    "everything"
}

fn main() {
    let _ = Routes::new().get("/users", list);
}
