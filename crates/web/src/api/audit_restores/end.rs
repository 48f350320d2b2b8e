//! Ending a restore before its time.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::AuditRestoreId, rule::RestoreSegment};
use bailiwick_ops::audit::restore;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<RestoreSegment>,
    State(store): State<Store>,
    Id(id): Id<AuditRestoreId>,
    _: NoBody,
) -> Result<StatusCode> {
    restore::end(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
