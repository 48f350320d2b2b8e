//! Ending one of one's own sessions, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::SessionId, rule::EndMySessions};
use bailiwick_ops::sessions;
use bailiwick_store::{Actor, Permit, Store};

use crate::{
    access::{Access, cookies},
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<SessionId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let session = bailiwick_store::sessions::find(&mut view, id).await?;
    if !matches!(permit.actor(), Actor::User { id, .. } if *id == session.user) {
        return Err(Error::NotFound);
    }
    if session.ended_at.is_some() {
        return Err(Error::Conflict("The session has ended already."));
    }
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "End the session?")
            .under("Profile and sign-in", "/account")
            .under("Sessions", "/account/sessions"),
        question: format!("End the session of {}?", session.device().title()),
        sentence: format!("It was opened by: {}.", session.method.title()),
        effects: vec![
            "Whoever uses that browser has to sign in again.".to_owned(),
            "The end is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: format!("/account/sessions/{id}/end"),
        hidden: Vec::new(),
        reason: None,
        button: "End session",
        cancel: "/account/sessions".to_owned(),
    })
}

pub(super) async fn end_mine(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
    Id(id): Id<SessionId>,
) -> Result<SeeOther> {
    sessions::end_mine(&store, &permit, id).await?;
    if is_present(&permit, id) {
        return Ok(SeeOther::to("/sign-in").tell(Message::SignedOut).cookie(cookies::end_session()));
    }
    Ok(SeeOther::to("/account/sessions").tell(Message::SessionWasEnded))
}

fn is_present(permit: &Permit<EndMySessions>, id: SessionId) -> bool {
    matches!(permit.actor(), Actor::User { session, .. } if *session == id)
}
