//! Suspending an organisation, which takes a one-time code: nobody of it is served from the moment of the answer.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::TenantId, rule::SuspendTenant};
use bailiwick_ops::tenants;
use bailiwick_store::Store;

use super::Because;
use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<SuspendTenant>,
    confirmation: Confirmation<SuspendTenant>,
    State(store): State<Store>,
    Id(id): Id<TenantId>,
    Json(because): Json<Because>,
) -> Result<StatusCode> {
    step_up::answer(tenants::suspend(&store, &permit, id, &because.reason, confirmation.answer()).await?)
}
