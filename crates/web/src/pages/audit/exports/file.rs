//! Downloading an export: the page's link.

use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use bailiwick_domain::{ids::AuditExportId, rule::DownloadExport};

use crate::{access::Access, error::Result, file, forms::Id, state::AppState};

pub(super) async fn file(
    Access(permit): Access<DownloadExport>,
    State(state): State<AppState>,
    Id(id): Id<AuditExportId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    file::export(&state, &permit, id, &method, &headers).await
}
