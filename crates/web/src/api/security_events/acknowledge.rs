//! Saying that somebody is on it.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::SecurityEventId, rule::TriageSecurityEvents};
use bailiwick_ops::security_events;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<TriageSecurityEvents>,
    State(store): State<Store>,
    Id(id): Id<SecurityEventId>,
    _: NoBody,
) -> Result<StatusCode> {
    security_events::acknowledge(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
