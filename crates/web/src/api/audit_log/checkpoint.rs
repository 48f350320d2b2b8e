//! The newest checkpoint, as C2SP tlog-tiles has it.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::VerifyAudit;
use bailiwick_store::audit::log;

use super::{FOR_A_MOMENT, pace, text};
use crate::{
    access::Access,
    error::{Error, Result},
    state::AppState,
};

/// The signed note with the cosignatures that are kept of it; 404 before the first.
pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(state): State<AppState>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let newest = log::checkpoint(&mut view).await?.ok_or(Error::NotFound)?;
    Ok(text(newest.note, FOR_A_MOMENT))
}
