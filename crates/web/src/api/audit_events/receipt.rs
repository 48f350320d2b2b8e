//! The receipt of one record: a text that proves without this server that it lies in the log (C2SP tlog-proof).

use axum::{extract::State, response::Response};
use bailiwick_domain::{ids::EventId, rule::ReadAudit};
use bailiwick_store::audit::log;

use crate::{
    access::Access,
    api::audit_log::{RECEIPT, pace, text},
    error::{Error, Result},
    forms::Id,
    state::AppState,
};

/// A record that no checkpoint covers yet has none: 409, for a moment.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
    Id(id): Id<EventId>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let receipt = log::receipt(&mut view, id).await?;
    let receipt = receipt
        .ok_or(Error::Conflict("No signed checkpoint covers this record yet. Ask again in a moment."))?;
    Ok(text(receipt.to_string(), RECEIPT))
}
