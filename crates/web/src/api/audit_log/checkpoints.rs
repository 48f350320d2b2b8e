//! Every published checkpoint, newest first: what a witness or an auditor follows.

use axum::extract::State;
use bailiwick_domain::{rule::VerifyAudit, time::Timestamp};
use bailiwick_store::audit::log;
use serde::Serialize;

use super::pace;
use crate::{
    access::Access,
    api::{After, List, cursor::Before},
    error::Result,
    forms::Json,
    state::AppState,
};

#[derive(Serialize)]
pub(in crate::api) struct Body {
    /// Records that it covers.
    size: i64,
    signed_at: Timestamp,
    /// The signed note with the cosignatures that are kept of it.
    note: String,
}

pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(state): State<AppState>,
    After(before): After<Before>,
) -> Result<Json<List<Body>>> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let (found, next) = log::checkpoints(&mut view, before.map(|Before(size)| size)).await?;
    let body = |signed: bailiwick_store::audit::Signed| Body {
        size: signed.size,
        signed_at: signed.at,
        note: signed.note,
    };
    Ok(List::until(found.into_iter().map(body).collect(), next))
}
