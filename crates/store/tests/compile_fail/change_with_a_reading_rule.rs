//! A permit that was checked for reading opens a write transaction.
use bailiwick_domain::{entity::User, rule::ReadUsers};
use bailiwick_store::{Error, Event, Permit, Store, users};

async fn sneaky(store: &Store, permit: &Permit<ReadUsers>, after: User) -> Result<(), Error> {
    store
        .change(permit, async |tx| {
            let before = users::lock(tx, after.id).await?;
            let written = users::replace(tx, before, after.clone()).await?;
            let event = Event::new("user.renamed", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
}

fn main() {}
