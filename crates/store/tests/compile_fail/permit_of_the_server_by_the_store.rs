//! Whoever holds the store alone makes a permit of the server's own.
use bailiwick_domain::{ids::TenantId, rule::ByJob};
use bailiwick_store::{Job, Permit, Store};

fn usurp(store: &Store, tenant: TenantId) -> Permit<ByJob> {
    store.gate().job(Job::Init, tenant)
}

fn main() {}
