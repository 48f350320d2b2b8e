//! Who answers for an invitation. It stands for as long as they could give its role themselves.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, Severity, User, UserStatus},
    ids::UserId,
    permission::PermissionSet,
    role::{Role, RoleName},
};
use bailiwick_store::{Actor, Event, Scope, Store, Tx, invitations, roles, users};

use crate::{Error, Result, mail, roles::set, users::permissions_of};

/// Pending invitations that one person answers for at most: all of them are taken back in the one change that takes their rights.
pub const PENDING_OF_ONE: i64 = 1_000;
const TOO_MANY: Error = Error::Conflict(
    "A thousand invitations of yours wait for an answer. Revoke some of them, or let somebody else invite.",
);

/// The person behind whoever invites: a key is its maker's arm. Nobody for the server itself.
pub(super) fn inviter(actor: &Actor) -> Option<UserId> {
    match actor {
        Actor::User { id, .. } => Some(*id),
        Actor::Key { maker, .. } => *maker,
        Actor::Anonymous | Actor::Operator { .. } | Actor::System(_) => None,
    }
}

/// Whether the inviter could give the role at this moment. What the server itself made stands by itself.
pub(super) async fn stands(store: &Store, scope: &mut impl Scope, invitation: &Invitation) -> Result<bool> {
    let Some(id) = invitation.invited_by else { return Ok(true) };
    let inviter = match users::find(scope, id).await {
        Err(bailiwick_store::Error::NotFound) => return Ok(false),
        found => found?,
    };
    let held = gives(store, scope, &inviter).await?;
    let role = roles::set_of(scope, invitation.role).await?;
    Ok(may_give(held, role))
}

/// Refuses an invitation too many of whoever is behind it. The policy is locked meanwhile, so that the count is exact.
///
/// # Errors
/// `Conflict` beyond [`PENDING_OF_ONE`].
pub(super) async fn may_answer_for_another(tx: &mut Tx, inviter: Option<UserId>) -> Result<()> {
    let Some(inviter) = inviter else { return Ok(()) };
    if invitations::pending_of(tx, inviter, PENDING_OF_ONE).await? < PENDING_OF_ONE {
        Ok(())
    } else {
        Err(TOO_MANY)
    }
}

/// Takes back what this locked user invited to and could not give any more, each with its letter and a record of its own: no more
/// than [`PENDING_OF_ONE`].
///
/// `user` is as they are after the change.
pub(crate) async fn withdraw_beyond(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    why: &'static str,
) -> Result<()> {
    let held = gives(store, tx, user).await?;
    for (role, set) in every_role(store, tx).await? {
        if may_give(held, Some(set)) {
            continue;
        }
        loop {
            let mut withdrawn = false;
            for id in invitations::pending_by(tx, user.id, role).await? {
                let before = invitations::lock(tx, id).await?;
                // Answered, or sent again by somebody else, in the meantime.
                if before.state != InvitationState::Open || before.invited_by != Some(user.id) {
                    continue;
                }
                let after = Invitation { state: InvitationState::Revoked, ..before.clone() };
                let written = invitations::replace(tx, before, after).await?;
                mail::withdraw(tx, id.uuid()).await?;
                let event = Event::new("invitation.revoked", &written)?
                    .because(why)
                    .raising(Severity::Info, format!("{} invitation revoked", role.title()));
                tx.also(event);
                withdrawn = true;
            }
            // They are listed a hundred at a time.
            if !withdrawn {
                break;
            }
        }
    }
    Ok(())
}

/// What a user may hand on; nothing once they are disabled.
async fn gives(store: &Store, scope: &mut impl Scope, user: &User) -> Result<Option<PermissionSet>> {
    match user.status {
        UserStatus::Active => Ok(Some(permissions_of(store, scope, user).await?)),
        UserStatus::Disabled => Ok(None),
    }
}

/// A role that is not there any more is given by nobody.
fn may_give(held: Option<PermissionSet>, role: Option<PermissionSet>) -> bool {
    matches!((held, role), (Some(held), Some(role)) if role.is_subset(held))
}

/// Every role of the tenant with what it holds, of the built-in ones those of the other kind of tenant too.
async fn every_role(store: &Store, scope: &mut impl Scope) -> Result<Vec<(RoleName, PermissionSet)>> {
    let built_in = Role::ALL.into_iter().map(|role| (role.into(), store.catalogue().role_set(role)));
    let mut all: Vec<_> = built_in.collect();
    for role in roles::list(scope).await? {
        all.push((role.name.into(), set(store, &role)));
    }
    Ok(all)
}
