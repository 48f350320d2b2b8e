//! Keeping a search of one's own no longer.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SavedSearchId, rule::KeepSearches};
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<KeepSearches>,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
    _: NoBody,
) -> Result<StatusCode> {
    saved_searches::remove(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
