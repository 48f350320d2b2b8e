//! Removing the number: codes go to the person's address again.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::phones;
use bailiwick_store::Store;

use crate::{access::Access, error::Result};

pub(in crate::api) async fn handle(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    phones::remove(&store, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}
