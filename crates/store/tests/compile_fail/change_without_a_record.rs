//! A change that returns a value without its record.
use bailiwick_domain::{entity::User, rule::DisableUser};
use bailiwick_store::{Error, Permit, Store, users};

async fn careless(store: &Store, permit: &Permit<DisableUser>, after: User) -> Result<(), Error> {
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, after.id).await?;
            let _written = users::replace(tx, before, after.clone()).await?;
            Ok::<(), Error>(())
        })
        .await
}

fn main() {}
