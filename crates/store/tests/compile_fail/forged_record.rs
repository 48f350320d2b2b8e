//! A record that stands for no event.
use bailiwick_domain::rule::Invite;
use bailiwick_store::{Error, Permit, Recorded, Store};

async fn forge(store: &Store, permit: &Permit<Invite>) -> Result<(), Error> {
    store.change(permit, async |_tx| Ok::<_, Error>(Recorded(()))).await
}

fn main() {}
