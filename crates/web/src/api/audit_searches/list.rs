//! The caller's own searches, and those that others share.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use super::SearchBody;
use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
) -> Result<Json<List<SearchBody>>> {
    let found = saved_searches::visible(&mut store.read(&permit).await?, &permit).await?;
    Ok(List::whole(found.into_iter().map(SearchBody::from)))
}
