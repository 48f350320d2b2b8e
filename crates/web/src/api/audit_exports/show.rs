//! One export.

use axum::extract::State;
use bailiwick_domain::{ids::AuditExportId, rule::ReadExports};
use bailiwick_store::{Store, audit::export};

use super::ExportBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadExports>,
    State(store): State<Store>,
    Id(id): Id<AuditExportId>,
) -> Result<Json<ExportBody>> {
    Ok(Json(export::find(&mut store.read(&permit).await?, id).await?.into()))
}
