//! Ending every session of somebody else, after a question.

use axum::extract::State;
use bailiwick_domain::{ids::UserId, rule::RevokeSession};
use bailiwick_ops::sessions;
use bailiwick_store::{Store, users};

use super::end::refuse;
use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::{confirm::ConfirmPage, parts::counted},
    shell::{Message, SeeOther, Shell, Visit},
};

pub(super) async fn ask(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let user = users::find(&mut view, id).await?;
    refuse(&store, &mut view, &permit, &user).await?;
    let live = bailiwick_store::sessions::live_of(&mut view, id).await?.len();
    if live == 0 {
        return Err(Error::Conflict("This person is signed in nowhere."));
    }
    let sessions = counted(live, "session");
    let back = format!("/users/{id}/sessions");
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "End all sessions?")
            .under("Sessions", "/sessions")
            .under(user.name.clone(), back.clone()),
        question: format!("End all sessions of {}?", user.name),
        sentence: "They may sign in again at once; to keep them out, disable the account.".to_owned(),
        effects: vec![
            format!("{sessions} {} at this moment.", if live == 1 { "ends" } else { "end" }),
            "The end is recorded under your name, and raises a security event.".to_owned(),
        ],
        danger: true,
        action: format!("/users/{id}/sessions/end"),
        hidden: Vec::new(),
        reason: None,
        button: "End all sessions",
        cancel: back,
    })
}

pub(super) async fn end_all(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    Id(id): Id<UserId>,
) -> Result<SeeOther> {
    sessions::end_all(&store, &permit, id).await?;
    Ok(SeeOther::to(&format!("/users/{id}/sessions")).tell(Message::SessionsEnded))
}
