//! Taking from a role of the tenant's own what its holders do not use.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{role::RoleName, rule::UpdateRole};
use bailiwick_ops::unused;
use bailiwick_store::Store;

use super::{Narrowing, measured};
use crate::{
    access::Access,
    error::{Error, Result},
    forms::{Id, Json},
    shell::Visit,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateRole>,
    State(store): State<Store>,
    visit: Visit,
    Id(role): Id<RoleName>,
    Json(wanted): Json<Narrowing>,
) -> Result<StatusCode> {
    let name = role.custom().ok_or(Error::NotFound)?;
    unused::narrow_role(&store, &permit, name, &wanted.permissions, &wanted.reason, measured(&visit)).await?;
    Ok(StatusCode::NO_CONTENT)
}
