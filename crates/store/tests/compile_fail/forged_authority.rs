//! The authority to act as the server itself, made by its constructor, cloned and copied.
use bailiwick_store::{Jobs, Store};

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
