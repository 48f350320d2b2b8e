//! The authority to act as the server itself, put together from the store.
use bailiwick_store::{Jobs, Store};

fn forge(store: Store) -> Jobs {
    Jobs { store }
}

fn main() {}
