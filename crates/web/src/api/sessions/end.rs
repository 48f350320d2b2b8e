//! Ending a session of somebody else.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SessionId, rule::RevokeSession};
use bailiwick_ops::sessions;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    Id(id): Id<SessionId>,
    _: NoBody,
) -> Result<StatusCode> {
    sessions::end(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
