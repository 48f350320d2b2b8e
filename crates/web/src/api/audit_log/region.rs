//! That the tenant's log was noted in the tree of heads, beside every other log of the installation.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::VerifyAudit;
use bailiwick_store::audit::region_head;

use super::{FOR_A_MOMENT, pace, text};
use crate::{
    access::Access,
    error::{Error, Result},
    state::AppState,
};

/// The receipt of the newest head (C2SP tlog-proof); 404 before the first. It names the tenant by a tag, and no other tenant at
/// all.
pub(in crate::api) async fn handle(
    Access(permit): Access<VerifyAudit>,
    State(state): State<AppState>,
) -> Result<Response> {
    pace(&state, &permit)?;
    let mut view = state.store.read(&permit).await?;
    let head = region_head(&mut view).await?.ok_or(Error::NotFound)?;
    Ok(text(head.receipt, FOR_A_MOMENT))
}
