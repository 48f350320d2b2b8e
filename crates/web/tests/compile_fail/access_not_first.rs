//! A handler whose other parameters would be read before the rule is checked.

use axum::extract::State;
use bailiwick_domain::rule::ReadUsers;
use bailiwick_web::{access::Access, routes::Routes, state::AppState};

async fn list(State(_): State<AppState>, _: Access<ReadUsers>) -> &'static str {
    "users"
}

fn main() {
    let _ = Routes::new().get("/users", list);
}
