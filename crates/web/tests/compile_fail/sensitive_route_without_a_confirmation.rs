//! A sensitive change whose handler takes no code.

use bailiwick_domain::rule::ResetFactors;
use bailiwick_web::{access::Access, routes::Routes};

async fn reset(_: Access<ResetFactors>) -> &'static str {
    "reset"
}

fn main() {
    let _ = Routes::new().post_confirmed("/users/reset-factors", reset);
}
