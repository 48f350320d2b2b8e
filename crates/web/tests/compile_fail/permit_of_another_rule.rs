//! The permit of a public page where one to read users is meant.

use bailiwick_domain::rule::{Public, ReadUsers};
use bailiwick_web::access::Access;

fn raise(access: Access<Public>) -> Access<ReadUsers> {
    Access(access.0)
}

fn main() {
    let _ = raise;
}
