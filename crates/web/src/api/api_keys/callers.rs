//! From where and by what kinds of program a key was used, those seen last in front.

use axum::extract::State;
use bailiwick_domain::{entity::Browser, ids::ApiKeyId, rule::ReadApiKeys, time::Timestamp};
use bailiwick_store::{Store, api_keys, key_uses};
use serde::Serialize;

use crate::{
    access::Access,
    api::List,
    error::Result,
    forms::{Id, Json},
};

#[derive(Serialize)]
pub(in crate::api) struct CallerBody {
    /// Empty where it is not known.
    address: String,
    agent: Browser,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
) -> Result<Json<List<CallerBody>>> {
    let mut view = store.read(&permit).await?;
    api_keys::find(&mut view, id).await?;
    let callers = key_uses::callers(&mut view, id).await?;
    Ok(List::whole(callers.into_iter().map(|caller| CallerBody {
        address: caller.address,
        agent: caller.agent,
        first_seen_at: caller.first_seen_at,
        last_seen_at: caller.last_seen_at,
    })))
}
