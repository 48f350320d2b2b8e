//! Ending a session of somebody else, after a question.

use axum::extract::State;
use bailiwick_domain::{
    entity::User,
    ids::SessionId,
    permission::Permission,
    rule::{RevokeSession, Rule},
};
use bailiwick_ops::{sessions, users::permissions_of};
use bailiwick_store::{Permit, Store, View, users};

use crate::{
    access::Access,
    error::{Error, Result},
    forms::Id,
    pages::confirm::ConfirmPage,
    shell::{Message, SeeOther, Shell, Visit},
};

/// Whether the holder of `permit` may end sessions of `user`. The operations check the same again: this only keeps off the
/// page what would be refused.
pub(super) async fn reaches<R: Rule>(
    store: &Store,
    view: &mut View,
    permit: &Permit<R>,
    user: &User,
) -> Result<bool> {
    let may = permit.may(Permission::SESSION_REVOKE) && !is_own(permit, user);
    Ok(may && permissions_of(store, view, user).await?.is_subset(*permit.permissions()))
}

/// Answers a question about ending as the deed itself would be answered.
pub(super) async fn refuse(
    store: &Store,
    view: &mut View,
    permit: &Permit<RevokeSession>,
    user: &User,
) -> Result<()> {
    if is_own(permit, user) {
        return Err(Error::Conflict("End your own sessions under your account."));
    }
    match reaches(store, view, permit, user).await? {
        true => Ok(()),
        false => Err(Error::Forbidden("This person holds permissions that you do not have.")),
    }
}

fn is_own<R: Rule>(permit: &Permit<R>, user: &User) -> bool {
    permit.actor().person() == Some(user.id)
}

pub(super) async fn ask(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<SessionId>,
) -> Result<ConfirmPage> {
    let mut view = store.read(&permit).await?;
    let session = bailiwick_store::sessions::find(&mut view, id).await?;
    let user = users::find(&mut view, session.user).await?;
    refuse(&store, &mut view, &permit, &user).await?;
    if session.ended_at.is_some() {
        return Err(Error::Conflict("The session has ended already."));
    }
    let back = format!("/users/{}/sessions", user.id);
    Ok(ConfirmPage {
        shell: Shell::new(&permit, &visit, "End the session?")
            .under("Sessions", "/sessions")
            .under(user.name.clone(), back.clone()),
        question: format!("End a session of {}?", user.name),
        sentence: format!("{}. {}.", session.device().title(), session.whence()),
        effects: vec![
            "Whoever uses that browser has to sign in again.".to_owned(),
            "The end is recorded under your name, and raises a security event.".to_owned(),
        ],
        danger: true,
        action: format!("/sessions/{id}/end"),
        hidden: Vec::new(),
        reason: None,
        button: "End session",
        cancel: back,
    })
}

pub(super) async fn end(
    Access(permit): Access<RevokeSession>,
    State(store): State<Store>,
    Id(id): Id<SessionId>,
) -> Result<SeeOther> {
    let whose = sessions::end(&store, &permit, id).await?;
    Ok(SeeOther::to(&format!("/users/{whose}/sessions")).tell(Message::SessionWasEnded))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::Me, time::Span};
    use bailiwick_store::Actor as Who;
    use bailiwick_testkit::{Actor, both_databases};

    use crate::pages::browser::{Browser, href};

    async fn session_of(actor: &Actor) -> String {
        let Who::User { session, .. } = *actor.permit::<Me>().await.actor() else { panic!("a user") };
        session.to_string()
    }

    both_databases! {
        async fn owner_ends_one_and_then_all_sessions_of_a_person(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let mut owner = Browser::of(&acme.owner());
            let list = format!("/users/{}/sessions", planner.id());
            assert!(owner.get(&format!("/users/{}", planner.id())).await.shows(&format!("href=\"{list}\"")));
            let page = owner.get(&list).await.page();
            assert!(page.contains("Firefox on Linux") && page.contains("The internet (IPv4)"), "{page}");
            let end = href(&page, "/sessions/", "/end").to_owned();
            assert!(owner.get(&end).await.shows("End a session of "));
            assert_eq!(Browser::of(&planner).get("/account").await.status, 200, "asking changes nothing");
            assert_eq!(owner.post(&end, &[]).await.led(), (303, list.as_str()));
            assert_eq!(Browser::of(&planner).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"));
            assert_eq!(owner.post(&end, &[]).await.status, 409);
            assert_eq!(owner.get(&end).await.status, 409);
            assert_eq!(owner.post(&format!("{list}/end"), &[]).await.status, 409, "nothing is left to end");
            assert!(owner.get("/security/events").await.shows("Plan Manager session ended by an administrator"));
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn auditor_sees_who_is_signed_in_and_ends_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let mut auditor = Browser::of(&acme.user(Role::Auditor).await);
            let page = auditor.get("/sessions").await.page();
            assert!(page.contains(&planner.user.email) && !page.contains("/end\""), "{page}");
            let session = session_of(&planner).await;
            for path in [format!("/sessions/{session}/end"), format!("/users/{}/sessions/end", planner.id())] {
                assert_eq!(auditor.get(&path).await.status, 403);
                assert_eq!(auditor.post(&path, &[]).await.status, 403);
            }
            assert_eq!(Browser::of(&planner).get("/sessions").await.status, 403);
        }

        async fn nobody_ends_sessions_of_whoever_holds_more_or_their_own(db: Db) {
            let acme = db.tenant("acme").await;
            let manager = acme.user(Role::OperationsManager).await;
            let mut owner = Browser::of(&acme.owner());
            let grant = [("p.session:revoke", "grant"), ("confirmed", "yes"), ("reason", "Looks after sign-ins.")];
            owner.post(&format!("/users/{}/permissions", manager.id()), &grant).await;
            let mut browser = Browser::of(&manager);
            let above = session_of(&acme.owner()).await;
            for path in [format!("/sessions/{above}/end"), format!("/users/{}/sessions/end", acme.owner().id())] {
                assert_eq!(browser.get(&path).await.status, 403);
                assert_eq!(browser.post(&path, &[]).await.status, 403);
            }
            let own = format!("/users/{}/sessions/end", manager.id());
            assert_eq!((browser.get(&own).await.status.as_u16(), browser.post(&own, &[]).await.status.as_u16()), (409, 409));
            assert!(!browser.get(&format!("/users/{}/sessions", acme.owner().id())).await.shows("/end\""));
            let planner = acme.user(Role::PlanManager).await;
            let all = format!("/users/{}/sessions/end", planner.id());
            assert!(browser.get(&all).await.shows("1 session ends at this moment"));
            assert_eq!(browser.post(&all, &[]).await.led(), (303, format!("/users/{}/sessions", planner.id()).as_str()));
            assert_eq!(Browser::of(&planner).get("/account").await.status, 303);
            assert_eq!(owner.get("/account").await.status, 200);
        }

        async fn a_session_of_another_tenant_is_not_there(db: Db) {
            let planner = db.tenant("acme").await.user(Role::PlanManager).await;
            let session = session_of(&planner).await;
            let mut stranger = Browser::of(&db.tenant("other").await.owner());
            for path in [format!("/sessions/{session}/end"), format!("/users/{}/sessions/end", planner.id())] {
                assert_eq!(stranger.get(&path).await.status, 404);
                assert_eq!(stranger.post(&path, &[]).await.status, 404);
            }
            assert_eq!(stranger.get(&format!("/users/{}/sessions", planner.id())).await.status, 404);
            assert!(!stranger.get("/sessions").await.shows(&planner.user.email));
            assert_eq!(Browser::of(&planner).get("/account").await.status, 200);
        }

        async fn the_list_of_all_is_paged_and_searched_by_person(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(Role::PlanManager).await;
            let auditor = acme.user(Role::Auditor).await;
            let mut owner = Browser::of(&acme.owner());
            // No one person has as many.
            for person in [&planner, &auditor].into_iter().cycle().take(51) {
                db.clock.advance(Span::seconds(1));
                let mut browser = Browser::new(&db);
                let form = [("address", person.user.email.as_str()), ("password", bailiwick_testkit::PASSWORD)];
                assert_eq!(browser.post("/sign-in", &form).await.status, 303);
            }
            let first = owner.get("/sessions").await.page();
            assert_eq!(first.matches("data-label=\"Last seen\"").count(), 50);
            let next = href(&first, "/sessions?before=", "").replace("&amp;", "&");
            let second = owner.get(&next).await.page();
            assert_eq!(second.matches("data-label=\"Last seen\"").count(), 4, "{second}");
            let found = owner.get("/sessions?q=owner").await.page();
            assert!(found.contains("owner@acme.example") && !found.contains(&planner.user.email), "{found}");
            assert!(owner.get("/sessions?q=nobody-at-all").await.shows("No sessions"));
            for bad in ["/sessions?before=x", "/sessions?who=x"] {
                assert_eq!(owner.get(bad).await.status, 400, "{bad}");
            }
        }
    }
}
