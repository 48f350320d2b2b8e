//! Staging another version of a secret.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SecretId, rule::WriteSecrets};
use bailiwick_ops::secrets::{self, Value};
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Staged {
    value: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<WriteSecrets>,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
    Json(staged): Json<Staged>,
) -> Result<StatusCode> {
    secrets::stage(&store, &permit, id, Value::new(staged.value)).await?;
    Ok(StatusCode::NO_CONTENT)
}
