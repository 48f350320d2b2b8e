//! The sessions of one person, for whoever may see who is signed in.

use axum::extract::State;
use bailiwick_domain::{entity::Session, ids::UserId, rule::ReadSessions};
use bailiwick_store::{Scope, Store, sessions, users};

use super::{
    end::reaches,
    page::{SessionRow, SessionsPage},
};
use crate::{
    access::Access,
    error::Result,
    forms::Id,
    pages::reach::opens,
    shell::{Link, Shell, Visit},
};

pub(super) async fn of_user(
    Access(permit): Access<ReadSessions>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<UserId>,
) -> Result<SessionsPage> {
    let mut view = store.read(&permit).await?;
    let user = users::find(&mut view, id).await?;
    let live = sessions::live_of(&mut view, id).await?;
    let may_end = reaches(&store, &mut view, &permit, &user).await?;
    let now = view.now();
    let row = |session: &Session| SessionRow {
        end: may_end.then(|| format!("/sessions/{}/end", session.id)),
        ..SessionRow::of(session, now)
    };
    let shell = Shell::new(&permit, &visit, "Sessions");
    let shell = if opens(&visit, &permit, "/users/{user}") {
        shell.under("Users", "/users").under(user.name.clone(), format!("/users/{id}"))
    } else {
        shell.under("Sessions", "/sessions")
    };
    Ok(SessionsPage {
        shell,
        title: format!("Sessions of {}", user.name),
        sentence: "Where this person is signed in. Disabling the account ends all of them and keeps them out.",
        query: None,
        nobody: "This person is signed in nowhere.",
        end_all: (may_end && !live.is_empty())
            .then(|| Link::new("End all", format!("/users/{id}/sessions/end"))),
        rows: live.iter().map(row).collect(),
        pager: None,
    })
}
