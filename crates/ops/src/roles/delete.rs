//! Removing a role, once nobody holds it: either nobody does, or whoever does gets another one in the same transaction.

use bailiwick_domain::{
    entity::{CustomRole, Severity},
    permission::Permission,
    role::{CustomName, RoleName},
    rule::DeleteRole,
};
use bailiwick_store::{Event, Permit, Store, Tx, invitations, roles, teams, tenants, users};

use super::{MOST_REPLACED, Replacement, holds, inviters, named_set, set, take_back_of};
use crate::{
    Error, Result,
    invitations::give_other_role,
    policy::forget_role,
    valid::{self, within},
};

/// Why others change with it.
const WHY: &str = "a role was removed";

/// Removes a role, and what the policy asks of its holders. Where somebody holds it or is invited to it, `replacement` names the role that they have instead: one that holds
/// no more than the actor has, and no owner's. A letter tells each of them, and who is invited gets a new link. Whoever holds the role does not replace it.
///
/// # Errors
/// `Conflict` where it is held and there is no replacement, or by more than [`MOST_REPLACED`]; `Forbidden` for a role, a
/// replacement or a holder beyond the actor; `Invalid` for what is no role.
pub async fn delete(
    store: &Store,
    permit: &Permit<DeleteRole>,
    name: CustomName,
    replacement: Option<&str>,
) -> Result<()> {
    let held = *permit.permissions();
    store
        .change(permit, async |tx| {
            let policy = tenants::lock_policy(tx).await?;
            let role = roles::lock(tx, name).await?;
            within(set(store, &role), held)?;
            let holders = roles::holders(tx, name.into()).await?;
            if !holders.is_none() {
                let Some(text) = replacement.map(str::trim).filter(|text| !text.is_empty()) else {
                    return Err(Error::Conflict(
                        "Somebody holds this role or is invited to it. Choose the role that they get instead.",
                    ));
                };
                if holders.users > MOST_REPLACED || holders.invitations > MOST_REPLACED {
                    return Err(Error::Conflict(
                        "More than 200 people hold this role. Give them other roles first.",
                    ));
                }
                // Whoever gets the replacement is given a role, by whatever name the request goes.
                if !permit.may(Permission::USER_ASSIGN_ROLE) {
                    return Err(Error::Forbidden("Somebody holds this role. Replacing it takes the permission to give roles."));
                }
                if holders.teams > 0 && !permit.may(Permission::TEAM_UPDATE) {
                    return Err(Error::Forbidden("Teams have this role. Changing them takes the permission for it."));
                }
                let other = parse(text, &role)?;
                within(named_set(tx, other).await?, held)?;
                // As in widening: what they have for a while would be theirs for good.
                if holds(tx, permit.actor(), name.into()).await? {
                    return Err(Error::Conflict("You hold this role yourself. Somebody else has to remove it."));
                }
                replace(store, tx, permit, &role, other).await?;
            }
            forget_role(tx, policy, name.into(), WHY).await?;
            let detail = format!("Role {} removed", role.label);
            let written = roles::remove(tx, role).await?;
            let event = Event::new("role.deleted", &written)?.raising(Severity::Info, detail);
            Ok(tx.record(event, ()))
        })
        .await
}

fn parse(text: &str, role: &CustomRole) -> Result<RoleName> {
    let other = valid::role(text, false).map_err(|text| Error::field("replacement", text))?;
    if other.is_owner() || other.custom() == Some(role.name) {
        return Err(Error::field("replacement", "Choose another role, and none of an owner."));
    }
    Ok(other)
}

/// Gives everybody who has the role another one: people, teams, and invitations that can still be answered.
async fn replace(
    store: &Store,
    tx: &mut Tx,
    permit: &Permit<DeleteRole>,
    role: &CustomRole,
    other: RoleName,
) -> Result<()> {
    let name = RoleName::from(role.name);
    let concerned = inviters(tx, &[name]).await?;
    // People before invitations, in one order, as whoever answers an invitation locks its inviter first.
    let mut people = concerned.clone();
    people.extend(roles::users_with(tx, name, MOST_REPLACED).await?);
    for id in people {
        users::lock(tx, id).await?;
    }
    let replacement = Replacement { store, permit, from: name, to: other, why: WHY };
    for id in roles::users_with(tx, name, MOST_REPLACED).await? {
        replacement.of_user(tx, id).await?;
    }
    for id in teams::with_role(tx, name).await? {
        replacement.of_team(tx, id).await?;
    }
    for id in invitations::open_to(tx, name, MOST_REPLACED).await? {
        // Whoever answers it at this moment was first: then they are among the users of the role, below.
        if let Some(written) = give_other_role(store, tx, id, other).await? {
            let event = Event::new("invitation.role_changed", &written)?.because(WHY);
            tx.also(event);
        }
    }
    for id in roles::users_with(tx, name, MOST_REPLACED).await? {
        replacement.of_user(tx, id).await?;
    }
    if !roles::holders(tx, name).await?.is_none() {
        return Err(Error::Conflict("Somebody got this role at the same moment. Try again."));
    }
    take_back_of(store, tx, concerned, WHY).await
}
