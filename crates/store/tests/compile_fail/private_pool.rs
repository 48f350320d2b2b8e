//! The connections past the store.
use bailiwick_store::Store;

fn grab(store: &Store) {
    let _pool = &store.shared.pool;
}

fn main() {}
