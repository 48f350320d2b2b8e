//! Taking people into a team and out of it.

use bailiwick_domain::{
    entity::{Severity, Team, TeamMember, User},
    ids::{TeamId, UserId},
    rule::UpdateTeam,
};
use bailiwick_store::{Event, Permit, Scope, Store, Tx, sessions, teams, tenants, users};

use super::{MOST_MEMBERS, MOST_OF_ONE, set_of};
use crate::{
    Error, Result,
    invitations::withdraw_beyond,
    users::{nobody_above, permissions_of, refuse_self},
    valid::within,
};

/// Takes somebody into a team. Where the team has roles, the actor holds what all of them hold, and may administer the person.
///
/// # Errors
/// `NotFound` for a team or person that is not there, `Forbidden` for more than the actor has, `Conflict` for a member, for oneself, and
/// for more than [`MOST_MEMBERS`] or [`MOST_OF_ONE`].
pub async fn add_member(
    store: &Store,
    permit: &Permit<UpdateTeam>,
    id: TeamId,
    user: UserId,
) -> Result<TeamMember> {
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let team = teams::lock(tx, id).await?;
            let person = administered(store, tx, permit, &team, user).await?;
            if !team.roles.is_empty() {
                refuse_self(permit, user, "Somebody else has to take you into a team with roles.")?;
            }
            if teams::membership(tx, id, user).await?.is_some() {
                return Err(Error::Conflict("They are in this team already."));
            }
            if teams::size(tx, id).await? >= MOST_MEMBERS {
                return Err(Error::Conflict("The team has 200 members already."));
            }
            if teams::of_user(tx, user).await?.len() >= MOST_OF_ONE {
                return Err(Error::Conflict("They are in twenty teams already."));
            }
            let member = TeamMember { id: store.new_id(), team: id, user, created_at: tx.now() };
            let written = teams::add(tx, member.clone()).await?;
            sessions::outdate(tx, user).await?;
            let detail = format!("A user with the role {} was taken into a team", person.role.title());
            let event = Event::new("team.member_added", &written)?.raising(Severity::Info, detail);
            Ok(tx.record(event, member))
        })
        .await
}

/// Takes somebody out of a team, as [`add_member`] takes them in; oneself too.
///
/// # Errors
/// `NotFound` for whoever is no member, `Forbidden` as there.
pub async fn remove_member(
    store: &Store,
    permit: &Permit<UpdateTeam>,
    id: TeamId,
    user: UserId,
) -> Result<()> {
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let team = teams::lock(tx, id).await?;
            let person = administered(store, tx, permit, &team, user).await?;
            let member = teams::membership(tx, id, user).await?.ok_or(Error::NotFound)?;
            let event = take_out(store, tx, member, &person).await?;
            let detail = format!("A user with the role {} was taken out of a team", person.role.title());
            let event = event.raising(Severity::Info, detail);
            Ok(tx.record(event, ()))
        })
        .await
}

/// The person, locked. What a team with roles gives and takes is a matter of what people may do, as a role of their own is.
pub(super) async fn administered(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<UpdateTeam>,
    team: &Team,
    user: UserId,
) -> Result<User> {
    let person = users::lock(tx, user).await?;
    if !team.roles.is_empty() {
        let held = *permit.permissions();
        nobody_above(permissions_of(store, tx, &person).await?, held)?;
        within(set_of(tx, team).await?, held)?;
    }
    Ok(person)
}

/// Removes a membership of a locked person, and what they invited to and cannot give any more.
pub(super) async fn take_out(store: &Store, tx: &mut Tx, member: TeamMember, person: &User) -> Result<Event> {
    let written = teams::take_out(tx, member).await?;
    withdraw_beyond(store, tx, person, "the inviter left a team").await?;
    sessions::outdate(tx, person.id).await?;
    Ok(Event::new("team.member_removed", &written)?)
}
