//! A handler takes the authority to act as the server itself out of what handlers can reach.

use axum::extract::FromRef;
use bailiwick_store::Jobs;
use bailiwick_web::state::AppState;

fn main() {
    let take: fn(&AppState) -> Jobs = Jobs::from_ref;
}
