//! A state-changing route under a rule that may only read.

use bailiwick_domain::rule::ReadUsers;
use bailiwick_web::{access::Access, routes::Routes};

async fn change(_: Access<ReadUsers>) -> &'static str {
    "changed"
}

fn main() {
    let _ = Routes::new().patch("/users", change);
}
