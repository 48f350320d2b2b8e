//! Asking for a segment.

use axum::extract::State;
use bailiwick_domain::{entity::AuditRestore, rule::RestoreSegment};
use bailiwick_ops::audit::restore;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{access::Access, api::Created, error::Result, forms::Json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewRestore {
    /// The size of the tree at the segment's end.
    segment: i64,
    /// For how many days.
    days: i64,
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<RestoreSegment>,
    State(store): State<Store>,
    Json(new): Json<NewRestore>,
) -> Result<Created<AuditRestore>> {
    let asked = restore::ask(&store, &permit, new.segment, new.days, &new.reason).await?;
    Ok(Created { location: format!("/v1/audit/restores/{}", asked.id), body: asked })
}
