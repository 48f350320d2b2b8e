//! One stream, with how far it came.

use axum::extract::State;
use bailiwick_domain::{ids::StreamId, rule::ReadAudit};
use bailiwick_store::{Store, audit::stream};

use super::StreamBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
    Id(id): Id<StreamId>,
) -> Result<Versioned<StreamBody>> {
    let mut view = store.read(&permit).await?;
    let listed = stream::find(&mut view, id).await?;
    Versioned::of(&mut view, &listed.stream.clone(), || listed.into()).await
}
