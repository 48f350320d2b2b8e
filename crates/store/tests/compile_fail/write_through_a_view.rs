//! A write through what is there for reading.
use bailiwick_domain::{entity::User, rule::ReadUsers};
use bailiwick_store::{Permit, Store, users};

async fn confused(store: &Store, permit: &Permit<ReadUsers>, user: User) {
    let mut view = store.read(permit).await.unwrap();
    let _written = users::insert(&mut view, user).await;
}

fn main() {}
