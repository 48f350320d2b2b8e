//! One secret.

use axum::extract::State;
use bailiwick_domain::{ids::SecretId, rule::ReadSecrets};
use bailiwick_store::{Store, secrets};

use super::SecretBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadSecrets>,
    State(store): State<Store>,
    Id(id): Id<SecretId>,
) -> Result<Versioned<SecretBody>> {
    let mut view = store.read(&permit).await?;
    let listed = secrets::find(&mut view, id).await?;
    Versioned::of(&mut view, &listed.secret.clone(), || listed.into()).await
}
