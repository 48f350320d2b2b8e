//! Serving a suspended organisation again.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::TenantId, rule::ReactivateTenant};
use bailiwick_ops::tenants;
use bailiwick_store::Store;

use super::Because;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReactivateTenant>,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
    Json(because): Json<Because>,
) -> Result<StatusCode> {
    tenants::reactivate(&store, &permit, id, &because.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}
