//! A handler takes the authority to act as the server itself out of what handlers can reach.

use axum::extract::FromRef;
use bailiwick_store::Jobs;
use bailiwick_web::state::AppState;

fn take(state: &AppState) -> Jobs {
    <Jobs as FromRef<AppState>>::from_ref(state)
}

fn main() {}
