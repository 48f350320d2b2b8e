//! API keys, newest first.

use axum::extract::State;
use bailiwick_domain::rule::ReadApiKeys;
use bailiwick_store::{Scope, Store, api_keys, key_uses};

use super::ApiKeyBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    After(before): After,
) -> Result<Json<List<ApiKeyBody>>> {
    let mut view = store.read(&permit).await?;
    let page = api_keys::list(&mut view, before).await?;
    let ids: Vec<_> = page.items.iter().map(|key| key.id).collect();
    let mut used = key_uses::last_of(&mut view, &ids).await?;
    Ok(List::page(page, |key| {
        let used = used.remove(&key.id);
        ApiKeyBody::at(view.now(), key, used)
    }))
}
