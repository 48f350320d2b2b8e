//! A sensitive change through the plain door, without an approval.
use bailiwick_domain::{entity::Tenant, rule::SuspendTenant};
use bailiwick_store::{Error, Event, Permit, Store, tenants};

async fn sneaky(store: &Store, permit: &Permit<SuspendTenant>, after: Tenant) -> Result<(), Error> {
    store
        .change(permit, async |tx| {
            let before = tenants::lock(tx).await?;
            let written = tenants::replace(tx, before, after.clone()).await?;
            let event = Event::new("tenant.suspended", &written)?;
            Ok::<_, Error>(tx.record(event, ()))
        })
        .await
}

fn main() {}
