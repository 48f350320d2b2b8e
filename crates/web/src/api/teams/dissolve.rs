//! Dissolving a team.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::TeamId, rule::UpdateTeam};
use bailiwick_ops::teams;
use bailiwick_store::Store;

use crate::{access::Access, api::NoBody, error::Result, forms::Id};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateTeam>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
    _: NoBody,
) -> Result<StatusCode> {
    teams::dissolve(&store, &permit, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
