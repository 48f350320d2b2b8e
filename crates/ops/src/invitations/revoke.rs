//! Taking an invitation back.

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus, Severity},
    ids::InvitationId,
    rule::RevokeInvitation,
};
use bailiwick_store::{Event, Permit, Scope, Store, invitations};

use crate::{Error, Result, mail};

/// Takes a pending invitation back: its link stops working at once, and a letter that waits does not leave.
pub async fn revoke(
    store: &Store,
    permit: &Permit<RevokeInvitation>,
    id: InvitationId,
) -> Result<Invitation> {
    store
        .change(permit, async |tx| {
            let before = invitations::lock(tx, id).await?;
            match before.status(tx.now()) {
                InvitationStatus::Pending | InvitationStatus::Expired => {}
                InvitationStatus::Accepted => {
                    return Err(Error::Conflict("The invitation was accepted; disable the user instead."));
                }
                InvitationStatus::Declined => {
                    return Err(Error::Conflict("The invitation was declined already."));
                }
                InvitationStatus::Revoked => {
                    return Err(Error::Conflict("The invitation was taken back already."));
                }
            }
            let after = Invitation { state: InvitationState::Revoked, ..before.clone() };
            let written = invitations::replace(tx, before, after.clone()).await?;
            mail::withdraw(tx, id.uuid()).await?;
            let event = Event::new("invitation.revoked", &written)?
                .raising(Severity::Info, format!("{} invitation revoked", after.role.title()));
            Ok(tx.record(event, after))
        })
        .await
}
