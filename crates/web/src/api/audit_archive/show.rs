//! How far the log is archived, for whoever watches it.

use axum::extract::State;
use bailiwick_domain::{rule::ReadAudit, time::Timestamp};
use bailiwick_store::{Scope, Store, audit::archive};
use serde::Serialize;

use crate::{access::Access, error::Result, forms::Json};

#[derive(Serialize)]
pub(in crate::api) struct ArchiveBody {
    /// Segments in the archive.
    segments: i64,
    /// Leaves in it: those below this index.
    archived: i64,
    /// When the last segment was noted.
    last_at: Option<Timestamp>,
    /// Signed leaves that are not in it yet.
    behind: i64,
    /// How old the first of those is.
    lag_seconds: i64,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(store): State<Store>,
) -> Result<Json<ArchiveBody>> {
    let mut view = store.read(&permit).await?;
    let (last, segments) = archive::segments(&mut view, 1).await?;
    let due = archive::due(&mut view).await?;
    let last = last.first();
    let archived = last.map_or(0, |segment| segment.size);
    Ok(Json(ArchiveBody {
        segments,
        archived,
        last_at: last.map(|segment| segment.written_at),
        behind: due.as_ref().map_or(0, |due| due.size - due.first),
        lag_seconds: due.map_or(0, |due| view.now().since(due.oldest).as_seconds()),
    }))
}
