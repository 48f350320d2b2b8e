//! The authority to act as the server itself, made from the store, cloned and copied.
use bailiwick_store::{Jobs, Store};

fn forge(store: Store) -> Jobs {
    Jobs { store }
}

fn construct(store: Store) -> Jobs {
    Jobs::new(store)
}

fn clone(jobs: &Jobs) -> Jobs {
    jobs.clone()
}

fn copy(jobs: &Jobs) -> Jobs {
    *jobs
}

fn main() {}
