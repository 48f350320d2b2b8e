//! One key's record.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::ReadApiKeys};
use bailiwick_store::{Scope, Store, api_keys, key_uses};

use super::ApiKeyBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadApiKeys>,
    State(store): State<Store>,
    Id(id): Id<ApiKeyId>,
) -> Result<Versioned<ApiKeyBody>> {
    let mut view = store.read(&permit).await?;
    let key = api_keys::find(&mut view, id).await?;
    let used = key_uses::last(&mut view, id).await?;
    let now = view.now();
    Versioned::of(&mut view, &key.clone(), || ApiKeyBody::at(now, key, used)).await
}
