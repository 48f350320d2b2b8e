//! A handler that would run although the rule was not met.

use bailiwick_domain::rule::ReadUsers;
use bailiwick_web::{access::Access, error::Error, routes::Routes};

async fn list(_: Result<Access<ReadUsers>, Error>) -> &'static str {
    "users"
}

fn main() {
    let _ = Routes::new().get("/users", list);
}
