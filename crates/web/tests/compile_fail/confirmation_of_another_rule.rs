//! A handler that takes the code for another change than its own.

use bailiwick_domain::rule::{ResetFactors, SuspendTenant};
use bailiwick_web::{
    access::{Access, Confirmation},
    routes::Routes,
};

async fn reset(_: Access<ResetFactors>, _: Confirmation<SuspendTenant>) -> &'static str {
    "reset"
}

fn main() {
    let _ = Routes::new().post_confirmed("/users/reset-factors", reset);
}
