//! The organisation's streams; there are twenty at most.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_store::{Store, audit::stream};

use super::StreamBody;
use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
) -> Result<Json<List<StreamBody>>> {
    let streams = stream::list(&mut store.read(&permit).await?).await?;
    Ok(List::whole(streams.into_iter().map(StreamBody::from)))
}
