//! One team.

use axum::extract::State;
use bailiwick_domain::{ids::TeamId, rule::ReadTeams};
use bailiwick_store::{Store, teams};

use super::TeamBody;
use crate::{
    access::Access,
    error::Result,
    forms::{Id, Json},
};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTeams>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
) -> Result<Json<TeamBody>> {
    Ok(Json(teams::find(&mut store.read(&permit).await?, id).await?.into()))
}
