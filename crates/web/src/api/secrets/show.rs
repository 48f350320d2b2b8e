//! One secret.

use axum::extract::State;
use bailiwick_domain::{ids::SecretId, rule::ReadSecrets};
use bailiwick_store::{Store, secrets};

use super::SecretBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSecrets>,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
) -> Result<Json<SecretBody>> {
    Ok(Json(secrets::find(&mut store.read(&permit).await?, id).await?.into()))
}
