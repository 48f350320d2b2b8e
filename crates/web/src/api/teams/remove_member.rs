//! Taking somebody out of a team.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{
    ids::{TeamId, UserId},
    rule::UpdateTeam,
};
use bailiwick_ops::teams;
use bailiwick_store::Store;

use crate::{
    access::Access,
    api::{NoBody, Pair},
    error::Result,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateTeam>,
    State(store): State<Store>,
    Pair(id, user): Pair<TeamId, UserId>,
    _: NoBody,
) -> Result<StatusCode> {
    teams::remove_member(&store, &permit, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
