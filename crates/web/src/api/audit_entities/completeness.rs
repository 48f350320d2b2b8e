//! That the history of one thing has no gap: the octets of every revision, and the receipt of the newest.

use axum::extract::State;
use bailiwick_domain::rule::ReadAudit;
use bailiwick_proof::completeness::Page;
use bailiwick_store::audit;

use super::thing;
use crate::{
    access::Access,
    api::{After, Pair, audit_log::pace, cursor::Before},
    error::{Error, Result},
    forms::Json,
    state::AppState,
};

/// A thing of which no signed checkpoint covers a record is not there: 404.
pub(in crate::api) async fn handle(
    Access(permit): Access<ReadAudit>,
    State(state): State<AppState>,
    Pair(kind, id): Pair<String, String>,
    After(before): After<Before>,
) -> Result<Json<Page>> {
    pace(&state, &permit)?;
    let id = thing(&kind, &id)?;
    let before = before.map(|Before(revision)| revision);
    let mut view = state.store.read(&permit).await?;
    audit::completeness(&mut view, &kind, id, before).await?.map(Json).ok_or(Error::NotFound)
}
