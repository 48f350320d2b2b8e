//! One team.

use axum::extract::State;
use bailiwick_domain::{ids::TeamId, rule::ReadTeams};
use bailiwick_store::{Store, teams};

use super::TeamBody;
use crate::{access::Access, error::Result, forms::Id, matching::Versioned};

pub(in crate::api) async fn handle(
    Access(permit): Access<ReadTeams>,
    State(store): State<Store>,
    Id(id): Id<TeamId>,
) -> Result<Versioned<TeamBody>> {
    let mut view = store.read(&permit).await?;
    let team = teams::find(&mut view, id).await?;
    Versioned::of(&mut view, &team.clone(), || team.into()).await
}
