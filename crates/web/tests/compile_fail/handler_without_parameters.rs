//! A handler that takes nothing at all.

use bailiwick_web::routes::Routes;

async fn list() -> &'static str {
    "everything"
}

fn main() {
    let _ = Routes::new().get("/users", list);
}
