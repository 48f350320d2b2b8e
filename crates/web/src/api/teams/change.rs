//! Naming a team otherwise.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::TeamId, rule::UpdateTeam};
use bailiwick_ops::teams;
use bailiwick_store::Store;

use super::Named;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateTeam>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    Json(new): Json<Named>,
) -> Result<StatusCode> {
    teams::change(&store, &permit, id, new.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
