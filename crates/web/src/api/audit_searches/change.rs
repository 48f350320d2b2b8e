//! Changing a search of one's own.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SavedSearchId, rule::KeepSearches};
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use super::Kept;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<KeepSearches>,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
    Json(new): Json<Kept>,
) -> Result<StatusCode> {
    saved_searches::change(&store, &permit, id, new.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
