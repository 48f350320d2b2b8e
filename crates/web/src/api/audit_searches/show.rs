//! One kept search.

use axum::extract::State;
use bailiwick_domain::{ids::SavedSearchId, rule::ReadAudit};
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use super::SearchBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<SavedSearchId>,
) -> Result<Json<SearchBody>> {
    let found = saved_searches::find(&mut store.read(&permit).await?, &permit, id).await?;
    Ok(Json(found.into()))
}
