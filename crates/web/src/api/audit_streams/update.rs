//! Changing a stream's name and filter.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::StreamId, rule::UpdateStreams};
use bailiwick_ops::audit::stream::{self, Update};
use bailiwick_store::Store;
use serde::Deserialize;

use super::{FilterBody, refused};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Named {
    name: String,
    #[serde(default)]
    filter: FilterBody,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateStreams>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
    Json(new): Json<Named>,
) -> Result<StatusCode> {
    let new = Update { name: new.name, filter: new.filter.into() };
    stream::update(&store, &permit, id, new).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
