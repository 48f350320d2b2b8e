//! Whom a change of a role concerns.

use std::collections::BTreeSet;

use bailiwick_domain::{ids::UserId, role::RoleName};
use bailiwick_store::{Actor, Scope, Store, Tx, roles, teams, users};

use crate::{Result, invitations::withdraw_beyond};

/// Whether the person behind the actor holds the role, by themselves or through a team.
pub(crate) async fn holds(scope: &mut impl Scope, actor: &Actor, role: RoleName) -> Result<bool> {
    let Some(id) = actor.person() else { return Ok(false) };
    if users::find(scope, id).await?.role == role {
        return Ok(true);
    }
    Ok(teams::of_user(scope, id).await?.iter().any(|team| team.roles.contains(&role)))
}

/// Takes back what people invited to and could not give any more, of all whom a change of these roles concerns.
///
/// Called after the change was written, and while its policy row is locked. Where people lose the role itself they are not found by
/// it any more: then [`inviters`] before the change and [`take_back_of`] after it.
pub(crate) async fn take_back(
    store: &Store,
    tx: &mut Tx,
    changed: &[RoleName],
    why: &'static str,
) -> Result<()> {
    let concerned = inviters(tx, changed).await?;
    take_back_of(store, tx, concerned, why).await
}

/// The people with pending invitations whom a change of these roles concerns.
pub(crate) async fn inviters(scope: &mut impl Scope, changed: &[RoleName]) -> Result<BTreeSet<UserId>> {
    let mut found = BTreeSet::new();
    for role in changed {
        found.extend(roles::inviters_touched(scope, *role).await?);
    }
    Ok(found)
}

/// As [`take_back`], of these people.
pub(crate) async fn take_back_of(
    store: &Store,
    tx: &mut Tx,
    concerned: BTreeSet<UserId>,
    why: &'static str,
) -> Result<()> {
    for id in concerned {
        let user = users::lock(tx, id).await?;
        withdraw_beyond(store, tx, &user, why).await?;
    }
    Ok(())
}
