//! The connection of a view.
use bailiwick_store::{Scope, View};

fn grab(view: &mut View) {
    let _connection = view.driver();
}

fn main() {}
