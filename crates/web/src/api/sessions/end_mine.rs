//! Ending one of the caller's own sessions.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SessionId, rule::EndMySessions};
use bailiwick_ops::sessions;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
    Id(id): Id<SessionId>,
    _: NoBody,
) -> Result<StatusCode> {
    sessions::end_mine(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
