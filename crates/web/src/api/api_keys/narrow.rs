//! Taking away the scopes that a key does not use.

use axum::extract::State;
use bailiwick_domain::{ids::ApiKeyId, rule::NarrowApiKey};
use bailiwick_ops::api_keys;
use bailiwick_store::Store;
use serde::Serialize;

use super::measured;
use crate::{
    access::Access,
    api::NoBody,
    error::Result,
    forms::{Id, Json},
    shell::Visit,
};

#[derive(Serialize)]
pub(in crate::api) struct Narrowed {
    /// What is left.
    scopes: Vec<String>,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<NarrowApiKey>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<ApiKeyId>,
    _: NoBody,
) -> Result<Json<Narrowed>> {
    let key = api_keys::narrow(&store, &permit, id, measured(&visit)).await?;
    Ok(Json(Narrowed { scopes: key.scopes }))
}
