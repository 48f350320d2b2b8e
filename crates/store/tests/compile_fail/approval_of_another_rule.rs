//! An approval for one sensitive rule where that of another is asked for.
use bailiwick_domain::rule::{ResetFactors, SuspendTenant};
use bailiwick_store::{Approved, Error, Permit, Recorded, Store, Tx};

async fn work(_: &mut Tx) -> Result<Recorded<()>, Error> {
    Err(Error::NotFound)
}

async fn confused(store: &Store, permit: &Permit<SuspendTenant>, approved: Approved<ResetFactors>) -> Result<(), Error> {
    store.change_approved(permit, approved, work).await
}

fn main() {}
