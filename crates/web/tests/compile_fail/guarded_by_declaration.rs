//! A parameter list that is only declared to be guarded.

use bailiwick_domain::rule::Public;
use bailiwick_web::routes::Guarded;

struct Unguarded;

impl Guarded for Unguarded {
    type Rule = Public;
}

fn main() {}
