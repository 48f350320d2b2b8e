//! A permit that no gate made.

use bailiwick_domain::rule::ReadUsers;
use bailiwick_store::{Actor, Permit};
use bailiwick_web::access::Access;

fn main() {
    let _: Access<ReadUsers> = Access(Permit { actor: Actor::Anonymous, tenant: None });
}
