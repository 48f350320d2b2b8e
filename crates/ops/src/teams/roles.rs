//! The roles of a team. Its members have what they hold with their next request.

use bailiwick_domain::{
    entity::{Severity, Team},
    ids::TeamId,
    rule::GiveTeamRole,
};
use bailiwick_store::{Event, Permit, Scope, Store, sessions, teams, tenants};

use super::{MOST_ROLES, set_of};
use crate::{
    Error, Result,
    roles::{inviters, named_set, take_back_of},
    valid::{self, within},
};

/// Gives every member of a team a role. The actor holds what all of its roles hold then, and is no member themselves.
///
/// # Errors
/// `Invalid` for what is no role and for an owner's, `Forbidden` for more than the actor has, `Conflict` for one that it has, for more
/// than [`MOST_ROLES`], and for a team of the actor's own.
pub async fn give_role(store: &Store, permit: &Permit<GiveTeamRole>, id: TeamId, role: &str) -> Result<Team> {
    let role = valid::role(role, false).map_err(|text| Error::field("role", text))?;
    if role.is_owner() {
        return Err(Error::field("role", "An owner's role is given to a person, never through a team."));
    }
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = teams::lock(tx, id).await?;
            let gives = named_set(tx, role).await?;
            within(set_of(tx, &before).await?.union(gives), held)?;
            refuse_own_team(tx, permit, id).await?;
            if before.roles.contains(&role) {
                return Err(Error::Conflict("The team has this role already."));
            }
            if before.roles.len() >= MOST_ROLES {
                return Err(Error::Conflict("The team has ten roles already. Take one away first."));
            }
            let mut after = before.clone();
            after.roles.push(role);
            after.roles.sort_by(|a, b| a.name().cmp(b.name()));
            let written = teams::replace(tx, before, after.clone()).await?;
            sessions::outdate_members(tx, id).await?;
            let detail = format!("Role {} given to a team", role.title());
            let event = Event::new("team.roles_changed", &written)?.raising(Severity::Warning, detail);
            Ok(tx.record(event, after))
        })
        .await
}

/// Takes a role away from every member of a team. Invitations that they could not give any more go with it.
///
/// # Errors
/// `NotFound` for a role that the team does not have, `Forbidden` for a team that gives more than the actor has.
pub async fn take_role(store: &Store, permit: &Permit<GiveTeamRole>, id: TeamId, role: &str) -> Result<Team> {
    let role = valid::role(role, false).map_err(|_| Error::NotFound)?;
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = teams::lock(tx, id).await?;
            if !before.roles.contains(&role) {
                return Err(Error::NotFound);
            }
            within(set_of(tx, &before).await?, held)?;
            let concerned = inviters(tx, &[role]).await?;
            let mut after: Team = before.clone();
            after.roles.retain(|other| *other != role);
            let written = teams::replace(tx, before, after.clone()).await?;
            take_back_of(store, tx, concerned, "a team lost a role").await?;
            sessions::outdate_members(tx, id).await?;
            let detail = format!("Role {} taken from a team", role.title());
            let event = Event::new("team.roles_changed", &written)?.raising(Severity::Info, detail);
            Ok(tx.record(event, after))
        })
        .await
}

/// What somebody has for a while would be theirs for good.
async fn refuse_own_team(scope: &mut impl Scope, permit: &Permit<GiveTeamRole>, id: TeamId) -> Result<()> {
    let Some(user) = permit.actor().person() else { return Ok(()) };
    match teams::membership(scope, id, user).await? {
        Some(_) => Err(Error::Conflict("You are in this team. Somebody else has to give it a role.")),
        None => Ok(()),
    }
}
