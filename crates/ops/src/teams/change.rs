//! Naming a team otherwise.

use bailiwick_domain::{entity::Team, ids::TeamId, rule::UpdateTeam};
use bailiwick_store::{Event, Permit, Store, teams, tenants};

use super::{NewTeam, create::unused_name};
use crate::{Error, Result, renames::within_day};

/// Replaces name and description of a team.
///
/// # Errors
/// `Invalid` by field, `Conflict` where nothing changes, `Limited` beyond [`PER_DAY`](crate::renames::PER_DAY) of them.
pub async fn change(store: &Store, permit: &Permit<UpdateTeam>, id: TeamId, new: NewTeam) -> Result<Team> {
    let new = new.parse()?;
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = teams::lock(tx, id).await?;
            if before.name != new.name {
                unused_name(tx, &new.name).await?;
            }
            let after =
                Team { name: new.name.clone(), description: new.description.clone(), ..before.clone() };
            if before == after {
                return Err(Error::Conflict("The team is so already."));
            }
            within_day(tx, "team.changed", id.uuid()).await?;
            let written = teams::replace(tx, before, after.clone()).await?;
            Ok(tx.record(Event::new("team.changed", &written)?, after))
        })
        .await
}
