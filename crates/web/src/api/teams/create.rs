//! Making a team.

use axum::extract::State;
use bailiwick_domain::rule::UpdateTeam;
use bailiwick_ops::teams;
use bailiwick_store::Store;

use super::{Named, TeamBody};
use crate::{access::Access, api::Created, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<UpdateTeam>,
    State(store): State<Store>,
    Json(new): Json<Named>,
) -> Result<Created<TeamBody>> {
    let team = teams::create(&store, &permit, new.into()).await?;
    Ok(Created { location: format!("/v1/teams/{}", team.id), body: team.into() })
}
