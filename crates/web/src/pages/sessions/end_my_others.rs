//! Ending every session of one's own but the present one, after a question.

use axum::extract::State;
use bailiwick_domain::rule::EndMySessions;
use bailiwick_ops::sessions;
use bailiwick_store::{Actor, Store};

use crate::{
    access::Access,
    error::{Error, Result},
    pages::{confirm::ConfirmPage, parts::counted},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<ConfirmPage> {
    let Actor::User { id, session: here, .. } = *permit.actor() else {
        return Err(Error::Forbidden("Only a signed-in person has sessions."));
    };
    let mut view = store.read(&permit).await?;
    let live = bailiwick_store::sessions::live_of(&mut view, id).await?;
    let others = live.iter().filter(|session| session.id != here).count();
    if others == 0 {
        return Err(Error::Conflict("You are signed in nowhere else."));
    }
    let ends = if others == 1 { "ends" } else { "end" };
    let others = counted(others, "session");
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "End all others?")
            .under("Profile and sign-in", "/account")
            .under("Sessions", "/account/sessions"),
        question: "End all your other sessions?".to_owned(),
        sentence: "The one that you are using now stays.".to_owned(),
        effects: vec![
            format!("{others} {ends} at this moment; whoever uses them has to sign in again."),
            "The end is recorded under your name.".to_owned(),
        ],
        danger: true,
        action: "/account/sessions/end-others".to_owned(),
        hidden: Vec::new(),
        reason: None,
        button: "End all others",
        cancel: "/account/sessions".to_owned(),
    })
}

pub(super) async fn end_my_others(
    Access(permit): Access<EndMySessions>,
    State(store): State<Store>,
) -> Result<SeeOther> {
    sessions::end_my_others(&store, &permit).await?;
    Ok(SeeOther::to("/account/sessions").tell(Message::SessionsEnded))
}
