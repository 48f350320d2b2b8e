//! A rule of people who are signed in takes the way in of those who are not.
use bailiwick_domain::{ids::TenantId, rule::ReadUsers};
use bailiwick_store::Permit;

fn trespass(permit: &Permit<ReadUsers>, elsewhere: TenantId) -> Permit<ReadUsers> {
    permit.enter(elsewhere)
}

fn main() {}
