//! A permit for one rule where another is asked for.
use bailiwick_domain::rule::{DisableUser, ReadUsers};
use bailiwick_store::Permit;

fn disable(_: &Permit<DisableUser>) {}

fn confused(permit: &Permit<ReadUsers>) {
    disable(permit);
}

fn main() {}
