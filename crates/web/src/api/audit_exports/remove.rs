//! Removing the file of an export before its time.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::AuditExportId, rule::ExportAudit};
use bailiwick_ops::exports;

use crate::{access::Access, api::NoBody, error::Result, forms::Id, state::AppState};

pub(in crate::api) async fn handle(
    Access(permit): Access<ExportAudit>,
    State(state): State<AppState>,
    Id(id): Id<AuditExportId>,
    _: NoBody,
) -> Result<StatusCode> {
    exports::remove(&state.store, &permit, &state.spool, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
