//! Taking a grant or denial back.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{
    ids::{GrantId, UserId},
    rule::GrantPermission,
};
use bailiwick_ops::users;
use bailiwick_store::Store;

use crate::{
    access::Access,
    api::{NoBody, Pair},
    error::Result,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<GrantPermission>,
    State(store): State<Store>,
    Pair(user, id): Pair<UserId, GrantId>,
    _: NoBody,
) -> Result<StatusCode> {
    users::remove_grant(&store, &permit, user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
