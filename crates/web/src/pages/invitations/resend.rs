//! Sending an invitation again, after a question.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{entity::InvitationStatus, ids::InvitationId, rule::ResendInvitation};
use bailiwick_ops::invitations;
use bailiwick_store::{Scope, Store, tenants};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::{confirm::ConfirmPage, parts::counted},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<ResendInvitation>,
    visit: Visit,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let invitation = bailiwick_store::invitations::find(&mut view, id).await?;
    if !matches!(invitation.status(view.now()), InvitationStatus::Pending | InvitationStatus::Expired) {
        return Err(Error::Conflict("The invitation is not waiting for an answer any more."));
    }
    let days = tenants::policy(&mut view).await?.invitation_days;
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "Send the invitation again?").under("Invitations", "/invitations"),
        question: format!("Send {} another letter?", invitation.email),
        sentence: format!("It holds a new link, which works for {}.", counted(days, "day")),
        effects: vec![
            "Every link sent before stops working from this moment.".to_owned(),
            "The role stays as it is.".to_owned(),
        ],
        danger: false,
        action: format!("/invitations/{id}/resend"),
        hidden: Vec::new(),
        reason: None,
        button: "Send again",
        cancel: "/invitations".to_owned(),
    })
}

pub(super) async fn resend(
    Access(permit): Access<ResendInvitation>,
    State(store): State<Store>,
    Id(id): Id<InvitationId>,
) -> Result<Response> {
    invitations::resend(&store, &permit, id).await?;
    Ok(SeeOther::to("/invitations").tell(Message::InvitationResent).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::role::Role;
    use bailiwick_testkit::both_databases;

    use crate::pages::browser::{Browser, href};

    both_databases! {
        async fn owner_sends_an_invitation_again(db: Db) {
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            owner.post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let list = owner.get("/invitations").await.page();
            let resend = href(&list, "/invitations/", "/resend");
            assert!(owner.get(resend).await.page().contains("Send new@example.com another letter?"));
            assert_eq!(owner.post(resend, &[]).await.led(), (303, "/invitations"));
            let mail = owner.get("/mail").await.page();
            assert!(mail.contains("It was no longer needed.") && mail.contains("Waiting"), "{mail}");
        }

        async fn auditor_sees_no_way_to_send_again(db: Db) {
            let acme = db.tenant("acme").await;
            Browser::of(&acme.owner()).post("/invitations", &[("address", "new@example.com"), ("role", "auditor"), ("lifetime", "7")]).await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            assert!(!auditor.get("/invitations").await.page().contains("/resend"));
        }
    }
}
