//! The organisation's secrets by name.

use axum::extract::State;
use bailiwick_domain::{rule::ReadSecrets, secret::SecretName};
use bailiwick_store::{Store, secrets};

use super::SecretBody;
use crate::{
    access::Access,
    api::{After, List},
    error::Result,
    forms::Json,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSecrets>,
    State(store): State<Store>,
    After(after): After<SecretName>,
) -> Result<Json<List<SecretBody>>> {
    let (listed, next) = secrets::list(&mut store.read(&permit).await?, after.as_ref()).await?;
    Ok(List::after(listed.into_iter().map(SecretBody::from), next))
}
