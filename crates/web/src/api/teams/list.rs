//! The organisation's teams; there are a hundred at most.

use axum::extract::State;
use bailiwick_domain::rule::ReadTeams;
use bailiwick_store::{Store, teams};

use super::TeamBody;
use crate::{access::Access, api::List, error::Result, forms::Json};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTeams>,
    State(store): State<Store>,
) -> Result<Json<List<TeamBody>>> {
    let teams = teams::list(&mut store.read(&permit).await?).await?;
    Ok(List::whole(teams.into_iter().map(|listed| listed.team.into())))
}
