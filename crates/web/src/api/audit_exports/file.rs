//! The file of an export. An interrupted download goes on with `Range`, and with `If-Range` only in the same file.

use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use bailiwick_domain::{ids::AuditExportId, rule::DownloadExport};

use crate::{access::Access, error::Result, file, forms::Id, state::AppState};

pub(in crate::api) async fn handle(
    Access(permit): Access<DownloadExport>,
    State(state): State<AppState>,
    Id(id): Id<AuditExportId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    file::export(&state, &permit, id, &method, &headers).await
}
