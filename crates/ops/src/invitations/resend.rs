//! Sending an invitation again: the same row, a new link, a new end.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus, Severity},
    ids::InvitationId,
    rule::ResendInvitation,
    time::Span,
};
use bailiwick_store::{Event, Permit, Scope, Store, invitations, roles, tenants, users};
use bailiwick_vault::token::InvitationToken;

use super::{
    inviter::{inviter, may_answer_for_another},
    letter,
};
use crate::{
    Error, Result,
    mail::{self, within_limits},
    valid::{owner_by_person, within},
};

/// Writes another letter with another link; the links before stop working. An expired invitation waits again. Its role
/// holds no more than whoever sends it again has, and from then on it is theirs. One that makes
/// an owner is sent again by a person, never by a key.
pub async fn resend(
    store: &Store,
    permit: &Permit<ResendInvitation>,
    id: InvitationId,
) -> Result<Invitation> {
    store
        .change(permit, async |tx| {
            // Before the invitation, as when one is created: whoever waits for the other holds nothing yet.
            let policy = tenants::lock_policy(tx).await?;
            let before = invitations::lock(tx, id).await?;
            match before.status(tx.now()) {
                InvitationStatus::Pending | InvitationStatus::Expired => {}
                InvitationStatus::Accepted | InvitationStatus::Declined | InvitationStatus::Revoked => {
                    return Err(Error::Conflict("The invitation is not waiting for an answer any more."));
                }
            }
            owner_by_person(permit, before.role)?;
            let Some(gives) = roles::set_of(tx, before.role).await? else {
                return Err(Error::Conflict("The role of this invitation was removed. Invite them anew."));
            };
            within(gives, *permit.permissions())?;
            if users::by_email(tx, &before.email).await?.is_some() {
                return Err(Error::Conflict("Somebody with this address is here already."));
            }
            let pending = invitations::pending_for(tx, &before.email).await?;
            if pending.is_some_and(|other| other.id != id) {
                return Err(Error::Conflict("This address has another invitation waiting."));
            }
            let answers = inviter(permit.actor());
            // One that is theirs already, and waits, is counted.
            if before.invited_by != answers || before.status(tx.now()) != InvitationStatus::Pending {
                may_answer_for_another(tx, answers).await?;
            }
            within_limits(store, tx, &before.email).await?;
            let after = Invitation {
                // Whoever sends it again answers for it from now on.
                invited_by: answers,
                state: InvitationState::Open,
                sends: before.sends + 1,
                sent_at: tx.now(),
                reminded_at: None,
                expires_at: tx.now() + Span::days(policy.invitation_days),
                ..before.clone()
            };
            let token = InvitationToken::generate(&tx.tenant().bytes(), store.entropy());
            let written = invitations::renew(tx, before, after.clone(), &token.hash()).await?;
            mail::withdraw(tx, id.uuid()).await?;
            letter::invite(store, tx, permit, &after, &token).await?;
            let event = Event::new("invitation.resent", &written)?
                .raising(Severity::Info, format!("{} invitation sent again", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}
