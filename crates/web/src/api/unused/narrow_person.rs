//! Taking from one person what they do not use.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::UserId, rule::GrantPermission};
use bailiwick_ops::unused;
use bailiwick_store::Store;

use super::{Narrowing, measured};
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
    shell::Visit,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<GrantPermission>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
    Json(wanted): Json<Narrowing>,
) -> Result<StatusCode> {
    unused::narrow_person(&store, &permit, id, &wanted.permissions, &wanted.reason, measured(&visit)).await?;
    Ok(StatusCode::NO_CONTENT)
}
