//! Keeping a search.

use axum::extract::State;
use bailiwick_domain::rule::KeepSearches;
use bailiwick_ops::saved_searches;
use bailiwick_store::Store;

use super::{Kept, SearchBody};
use crate::{access::Access, api::Created, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<KeepSearches>,
    State(store): State<Store>,
    Json(new): Json<Kept>,
) -> Result<Created<SearchBody>> {
    let search = saved_searches::keep(&store, &permit, new.into()).await?;
    Ok(Created { location: format!("/v1/audit/searches/{}", search.id), body: search.into() })
}
