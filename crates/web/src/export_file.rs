//! The file of an export, as pages and API hand it out. An interrupted download goes on with `Range`, and with `If-Range` only in
//! the same file.

use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use bailiwick_domain::{ids::AuditExportId, rule::DownloadExport};
use bailiwick_ops::exports;

use crate::{
    access::Access,
    error::Result,
    file::{About, Part, answer},
    forms::Id,
    state::AppState,
};

/// All of it, or the part that is asked for. Whoever gets it from its beginning is recorded before.
pub(crate) async fn handle(
    Access(permit): Access<DownloadExport>,
    State(state): State<AppState>,
    Id(id): Id<AuditExportId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let found = exports::download(&state.store, &permit, &state.spool, id).await?;
    let tag = format!("\"{}\"", found.digest);
    let part = Part::asked(&headers, &tag, found.octets);
    if part.begins() && method != Method::HEAD {
        exports::note_download(&state.store, &permit, id).await?;
    }
    let name = format!("audit-{id}.{}", found.export.format.extension());
    let about =
        About { name: &name, media: found.export.format.media_type(), tag: &tag, length: found.octets };
    answer(&found.path, &about, part).await
}
