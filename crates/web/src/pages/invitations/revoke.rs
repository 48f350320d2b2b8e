//! Taking an invitation back, after a question.

use axum::extract::State;
use bailiwick_domain::{entity::InvitationStatus, ids::InvitationId, rule::RevokeInvitation};
use bailiwick_ops::invitations;
use bailiwick_store::{Scope, Store};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<RevokeInvitation>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let invitation = bailiwick_store::invitations::find(&mut view, id).await?;
    match invitation.status(view.now()) {
        InvitationStatus::Pending | InvitationStatus::Expired => {}
        InvitationStatus::Accepted => {
            return Err(Error::Conflict("The invitation was accepted; disable the user instead."));
        }
        InvitationStatus::Declined => return Err(Error::Conflict("The invitation was declined already.")),
        InvitationStatus::Revoked => return Err(Error::Conflict("The invitation was taken back already.")),
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Revoke the invitation?").under("Invitations", "/invitations"),
        question: format!("Revoke the invitation of {}?", invitation.email),
        sentence: "The person can be invited again afterwards.".to_owned(),
        effects: vec![
            "The link in their mailbox stops working from this moment.".to_owned(),
            "The revocation is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/invitations/{id}/revoke"),
        hidden: Vec::new(),
        reason: None,
        button: "Revoke invitation",
        cancel: "/invitations".to_owned(),
    })
}

pub(super) async fn revoke(
    Access(permit): Access<RevokeInvitation>,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<SeeOther> {
    invitations::revoke(&store, &permit, id).await?;
    Ok(SeeOther::to("/invitations").tell(Message::InvitationRevoked))
}
