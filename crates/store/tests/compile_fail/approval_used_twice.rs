//! One approval for two changes.
use bailiwick_domain::rule::SuspendTenant;
use bailiwick_store::{Approved, Error, Permit, Recorded, Store, Tx};

async fn work(_: &mut Tx) -> Result<Recorded<()>, Error> {
    Err(Error::NotFound)
}

async fn twice(store: &Store, permit: &Permit<SuspendTenant>, approved: Approved<SuspendTenant>) -> Result<(), Error> {
    store.change_approved(permit, approved, work).await?;
    store.change_approved(permit, approved, work).await
}

fn main() {}
