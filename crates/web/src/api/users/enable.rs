//! Letting a disabled user sign in again.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::DisableUser};
use bailiwick_ops::users;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<DisableUser>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
    _: NoBody,
) -> Result<StatusCode> {
    users::enable(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
