//! Ending every session of the caller's own but the one that asks.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::EndMySessions;
use bailiwick_ops::sessions;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result};

pub(in crate::api) async fn handle(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
    _: NoBody,
) -> Result<StatusCode> {
    sessions::end_my_others(&store, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}
