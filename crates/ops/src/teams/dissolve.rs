//! Dissolving a team.

use bailiwick_domain::{entity::Severity, ids::TeamId, rule::UpdateTeam};
use bailiwick_store::{Event, Permit, Store, teams, tenants};

use super::{
    members::{administered, take_out},
    set_of,
};
use crate::{Result, valid::within};

/// Takes everybody out of a team and removes it. Where it has roles, the actor may administer each of its members.
///
/// # Errors
/// `Forbidden` for a team that gives more than the actor has, or with a member beyond them.
pub async fn dissolve(store: &Store, permit: &Permit<UpdateTeam>, id: TeamId) -> Result<()> {
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let team = teams::lock(tx, id).await?;
            within(set_of(tx, &team).await?, *permit.permissions())?;
            for member in teams::memberships(tx, id).await? {
                let person = administered(store, tx, permit, &team, member.user).await?;
                let event = take_out(store, tx, member, &person).await?.because("the team was dissolved");
                tx.also(event);
            }
            let written = teams::remove(tx, team).await?;
            let event =
                Event::new("team.dissolved", &written)?.raising(Severity::Info, "A team was dissolved");
            Ok(tx.record(event, ()))
        })
        .await
}
