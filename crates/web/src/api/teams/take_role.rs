//! Taking a role away from a team.

use axum::{extract::State, http::StatusCode};
use bailiwick_domain::{ids::TeamId, role::RoleName, rule::GiveTeamRole};
use bailiwick_ops::teams;
use bailiwick_store::Store;

use crate::{
    access::Access,
    api::{NoBody, Pair},
    error::Result,
};

pub(in crate::api) async fn handle(
    Access(permit): Access<GiveTeamRole>,
    State(store): State<Store>,
    Pair(id, role): Pair<TeamId, RoleName>,
    _: NoBody,
) -> Result<StatusCode> {
    teams::take_role(&store, &permit, id, role.name()).await?;
    Ok(StatusCode::NO_CONTENT)
}
