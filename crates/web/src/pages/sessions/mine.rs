//! The sessions of the person themselves.

use axum::extract::State;
use bailiwick_domain::{entity::Session, ids::SessionId, rule::Me, time::Timestamp};
use bailiwick_store::{Actor, Scope, Store, sessions};

use super::page::{SessionRow, SessionsPage};
use crate::{
    access::Access,
    error::{Error, Result},
    shell::{Link, Shell, Visit},
};

pub(super) async fn mine(
    Access(permit): Access<Me>,
    State(store): State<Store>,
    visit: Visit,
) -> Result<SessionsPage> {
    let Actor::User { id, session: here, .. } = *permit.actor() else {
        return Err(Error::Forbidden("Only a signed-in person has sessions."));
    };
    let mut view = store.read(&permit).await?;
    let live = sessions::live_of(&mut view, id).await?;
    let others = live.iter().any(|session| session.id != here);
    Ok(SessionsPage {
        rows: live.iter().map(|session| row(session, here, view.now())).collect(),
        shell: Shell::new(&permit, &visit, "Sessions").under("Profile and sign-in", "/account"),
        title: "My sessions".to_owned(),
        sentence: "Where you are signed in. End what you do not know, and then change your password. Wrong guesses of others never keep you waiting on a device that you signed in from; ending its session forgets it.",
        query: None,
        nobody: "You are signed in nowhere.",
        end_all: others.then(|| Link::new("End all others", "/account/sessions/end-others")),
        pager: None,
    })
}

fn row(session: &Session, here: SessionId, now: Timestamp) -> SessionRow {
    let current = session.id == here;
    let end = (!current).then(|| format!("/account/sessions/{}/end", session.id));
    SessionRow { current, end, ..SessionRow::of(session, now) }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{rule::SignIn, time::Span};
    use bailiwick_ops::sign_in::{self, Step};
    use bailiwick_testkit::{Actor, PASSWORD, both_databases};

    use crate::{
        access::cookies::SESSION,
        pages::browser::{Browser, href},
    };

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
    const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

    /// Another browser of the owner's.
    async fn elsewhere(owner: &Actor, agent: &'static str) -> Browser {
        let mut browser = Browser::new(&owner.db).claiming(agent);
        let form = [("next", "/"), ("address", owner.user.email.as_str()), ("password", PASSWORD)];
        assert_eq!(browser.post("/sign-in", &form).await.status, 303);
        browser
    }

    both_databases! {
        async fn owner_sees_both_browsers_and_ends_the_other(db: Db) {
            let owner = db.tenant("acme").await.owner();
            db.clock.advance(Span::minutes(1));
            let (mut here, mut phone) = (Browser::of(&owner).claiming(FIREFOX), elsewhere(&owner, PHONE).await);
            let page = here.get("/account/sessions").await.page();
            assert_eq!(page.matches("This one").count(), 1, "{page}");
            assert!(page.contains("Safari on iOS") && page.contains("Firefox on Linux"), "{page}");
            assert!(page.contains("The internet (IPv4), seen for the first time") && page.contains("An unknown network<") && !page.contains("Mozilla"), "{page}");
            let end = href(&page, "/account/sessions/", "/end").to_owned();
            let question = here.get(&end).await.page();
            assert!(question.contains("Safari on iOS"), "{question}");
            assert_eq!(phone.get("/account").await.status, 200, "asking changes nothing");
            assert_eq!(here.post(&end, &[]).await.led(), (303, "/account/sessions"));
            assert_eq!(phone.get("/account").await.led(), (303, "/sign-in?next=%2Faccount"));
            assert!(here.get("/account/sessions").await.shows("The session has ended."));
            assert_eq!(here.post(&end, &[]).await.status, 409, "it has ended already");
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn owner_ends_all_others_and_stays(db: Db) {
            let owner = db.tenant("acme").await.owner();
            db.clock.advance(Span::minutes(1));
            let mut others = [elsewhere(&owner, PHONE).await, elsewhere(&owner, FIREFOX).await];
            let mut here = Browser::of(&owner);
            assert!(here.get("/account/sessions/end-others").await.shows("2 sessions end at this moment"));
            assert_eq!(here.post("/account/sessions/end-others", &[]).await.led(), (303, "/account/sessions"));
            for other in &mut others {
                assert_eq!(other.get("/account").await.led(), (303, "/sign-in?next=%2Faccount"));
            }
            let page = here.get("/account/sessions").await;
            assert!(page.status == 200 && !page.shows("/end\""), "{}", page.body);
            assert_eq!(here.post("/account/sessions/end-others", &[]).await.status, 409);
        }

        async fn person_who_signed_in_long_ago_proves_it_is_them_first(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut phone = elsewhere(&owner, PHONE).await;
            let mut here = Browser::of(&owner);
            db.clock.advance(Span::minutes(11));
            let page = here.get("/account/sessions").await.page();
            let end = href(&page, "/account/sessions/", "/end").to_owned();
            assert_eq!(here.post(&end, &[]).await.led(), (303, "/sign-in/again"));
            let asked = here.get(&end).await;
            assert!(asked.status == 303 && asked.location().starts_with("/sign-in/again?next=%2Faccount%2Fsessions%2F"));
            assert_eq!(phone.get("/account").await.status, 200);
            let proved = here.post("/sign-in/again", &[("next", &end), ("password", PASSWORD)]).await;
            assert_eq!(proved.led(), (303, end.as_str()));
            assert_eq!(here.post(&end, &[]).await.led(), (303, "/account/sessions"));
            assert_eq!(phone.get("/account").await.status, 303);
        }

        async fn person_who_ends_the_present_session_is_signed_out(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            let permit = owner.permit::<bailiwick_domain::rule::Me>().await;
            let bailiwick_store::Actor::User { session, .. } = *permit.actor() else { panic!() };
            assert_eq!(browser.post(&format!("/account/sessions/{session}/end"), &[]).await.led(), (303, "/sign-in"));
            assert_eq!(browser.cookie(SESSION), None);
            assert_eq!(Browser::of(&owner).get("/account").await.status, 303);
        }

        async fn nobody_ends_what_is_not_theirs_under_their_account(db: Db) {
            let acme = db.tenant("acme").await;
            let planner = acme.user(bailiwick_domain::role::Role::PlanManager).await;
            let permit = planner.permit::<bailiwick_domain::rule::Me>().await;
            let bailiwick_store::Actor::User { session, .. } = *permit.actor() else { panic!() };
            let path = format!("/account/sessions/{session}/end");
            for mut browser in [Browser::of(&acme.owner()), Browser::of(&db.tenant("other").await.owner())] {
                assert_eq!(browser.get(&path).await.status, 404);
                assert_eq!(browser.post(&path, &[]).await.status, 404);
            }
            assert_eq!(Browser::of(&planner).get("/account").await.status, 200);
            assert_eq!(Browser::of(&planner).get("/account/sessions/x/end").await.status, 404);
        }

        async fn an_address_that_was_seen_before_is_known(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let permit = db.nobody::<SignIn>("10.1.2.3").await;
            let wrong = sign_in::password(&db.store, &db.hasher, &permit, &owner.user.email, "not the password".into()).await;
            assert!(wrong.is_err());
            for _ in 0..2 {
                let step = sign_in::password(&db.store, &db.hasher, &permit, &owner.user.email, PASSWORD.into()).await;
                assert!(matches!(step, Ok(Step::Done(_))));
            }
            let page = Browser::of(&owner).get("/account/sessions").await.page();
            assert_eq!(page.matches("A private network, seen for the first time").count(), 1, "{page}");
            assert_eq!(page.matches("A private network, where they signed in before").count(), 1, "{page}");
            assert_eq!(page.matches("The internet (IPv4), seen for the first time").count(), 1, "{page}");
            assert!(!page.contains("10.1.2.3") && !page.contains("203.0.113.7"));
        }
    }
}
