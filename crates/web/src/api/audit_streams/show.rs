//! One stream, with how far it came.

use axum::extract::State;
use bailiwick_domain::{ids::StreamId, rule::ReadAudit};
use bailiwick_store::{Store, audit::stream};

use super::StreamBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<Json<StreamBody>> {
    Ok(Json(stream::find(&mut store.read(&permit).await?, id).await?.into()))
}
