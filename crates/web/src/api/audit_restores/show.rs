//! One segment that was asked back.

use axum::extract::State;
use bailiwick_domain::{entity::AuditRestore, ids::AuditRestoreId, rule::ReadRetention};
use bailiwick_store::{Store, audit::restore};

use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadRetention>,
    State(store): State<Store>,
    Id(id): Id<AuditRestoreId>,
) -> Result<Json<AuditRestore>> {
    Ok(Json(restore::find(&mut store.read(&permit).await?, id).await?))
}
