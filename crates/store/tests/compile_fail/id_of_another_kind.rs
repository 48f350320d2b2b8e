//! The id of a user where that of an API key is meant.
use bailiwick_domain::{ids::UserId, rule::RevokeApiKey};
use bailiwick_store::{Error, Permit, Store, api_keys};

async fn confused(store: &Store, permit: &Permit<RevokeApiKey>, user: UserId) -> Result<(), Error> {
    let mut view = store.read(permit).await?;
    api_keys::find(&mut view, user).await.map(drop)
}

fn main() {}
