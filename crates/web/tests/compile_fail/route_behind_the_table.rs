//! A route added to the finished service, past the access table.

use bailiwick_web::{bootstrap::App, routes::Routes, state::AppState};

fn finish(routes: Routes, state: AppState) -> App {
    routes.into_app(state).unwrap().route("/back-door", axum::routing::get(|| async { "everything" }))
}

fn main() {
    let _ = finish;
}
