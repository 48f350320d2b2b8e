//! Lifting a legal hold, which takes a one-time code.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::AuditHoldId, rule::LiftHold};
use bailiwick_ops::audit::hold;
use bailiwick_store::Store;
use serde::Deserialize;

use crate::{
    access::{Access, Confirmation},
    api::step_up,
    error::Result,
    forms::{Id, Json},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Because {
    reason: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<LiftHold>,
    confirmation: Confirmation<LiftHold>,
    State(store): State<Store>,
    Id(id): Id<AuditHoldId>,
    Json(because): Json<Because>,
) -> Result<StatusCode> {
    step_up::answer(hold::lift(&store, &permit, id, &because.reason, confirmation.answer()).await?)
}
