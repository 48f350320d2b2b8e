//! One kept search.

use axum::extract::State;
use bailiwick_domain::{ids::SavedSearchId, rule::ReadAudit};
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use super::SearchBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
) -> Result<Versioned<SearchBody>> {
    let mut view = store.read(&permit).await?;
    let found = saved_searches::find(&mut view, &permit, id).await?;
    Versioned::of(&mut view, &found.clone(), || found.into()).await
}
