//! Setting the new password, which signs the person in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::{passwords::reset, sign_in::Step};
use serde::Deserialize;

use super::{Link, forgotten, refused, show::page};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::{
        refused::Refused,
        set_password::typed_otherwise,
        sign_in::{signed_in, with_session},
    },
    shell::{Message, Visit},
    state::AppState,
};

/// The names that the operation has for the fields of the form.
const NAMES: &[(&str, &str)] = &[("password", "new")];

#[derive(Deserialize)]
pub(super) struct Chosen {
    new: String,
    again: String,
}

pub(super) async fn set(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    Id(link): Id<Link>,
    form: Form<Chosen>,
) -> Result<Response> {
    let (token, who) = forgotten(&state.store, &permit, link).await?;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) if values.new != values.again => typed_otherwise(),
        Ok(values) => {
            let done = match reset::complete(&state.store, &state.hasher, &permit, &token, values.new).await {
                Ok(Step::Done(session)) => signed_in(&state.store, &permit, "/", &session),
                Ok(Step::SecondFactor(session)) => with_session("/sign-in/code", &session),
                Err(error @ bailiwick_ops::Error::Invalid(_)) => {
                    let refused = Refused::by(error, NAMES)?;
                    let page = page(&visit, &token, who, refused.problems);
                    return Ok((refused.status, page).into_response());
                }
                Err(error) => return Err(refused(error)),
            };
            return Ok(done.tell(Message::PasswordChanged).into_response());
        }
    };
    Ok((refused.status, page(&visit, &token, who, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{rule::ChangeMyProofs, time::Span};
    use bailiwick_ops::factors;
    use bailiwick_testkit::{Db, PASSWORD, both_databases};

    use crate::{
        access::cookies::SESSION,
        pages::{browser::Browser, reset::ask::letter},
    };

    const NEW: &str = "seven quiet lanterns";

    /// The path of the link that arrives for an address.
    async fn link(db: &Db, address: &str) -> String {
        assert_eq!(Browser::new(db).post("/reset", &[("address", address)]).await.status, 200);
        let link = letter(db, 1).await.content.link.to_string();
        link.strip_prefix("https://bailiwick.test").unwrap().to_owned()
    }

    both_databases! {
        async fn forgetful_person_sets_a_new_password_and_is_signed_in(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let link = link(&db, "owner@acme.example").await;
            let mut browser = Browser::new(&db);
            let page = browser.get(&link).await;
            assert!(page.status == 200 && page.shows("acme Pty Ltd") && page.shows("owner@acme.example"));
            let done = browser.post(&link, &[("username", "x"), ("new", NEW), ("again", NEW)]).await;
            assert_eq!(done.led(), (303, "/"));
            assert!(browser.get("/account").await.shows("The password was changed."));
            assert_eq!(Browser::of(&owner).get("/account").await.led(), (303, "/sign-in?next=%2Faccount"), "the session before is over");
            let news = letter(&db, 1).await;
            assert!(news.content.subject.as_str().contains("was changed") && news.content.text.contains("by a link"));
            for path in [link.as_str(), &format!("{}AAAA", &link[..link.len() - 4]), "/reset/x"] {
                let mut second = Browser::new(&db);
                let used = second.get(path).await;
                assert!(used.status == 409 && used.shows("This link does not work any more."), "{path}");
                assert_eq!(second.post(path, &[("new", NEW), ("again", NEW)]).await.status, 409, "{path}");
            }
            let old = Browser::new(&db).post("/sign-in", &[("address", "owner@acme.example"), ("password", PASSWORD)]).await;
            assert_eq!(old.status, 422);
        }

        async fn person_is_told_why_a_password_will_not_do(db: Db) {
            db.tenant("acme").await;
            let link = link(&db, "owner@acme.example").await;
            let mut browser = Browser::new(&db);
            for (new, again, field, says) in [
                ("short", "short", "#new", "12 characters"),
                ("password1234", "password1234", "#new", "known from leaks"),
                ("oliveacme123", "oliveacme123", "#new", "too easy to guess. Add another word or two."),
                (NEW, "another one entirely", "#again", "not the same password"),
            ] {
                let refused = browser.post(&link, &[("new", new), ("again", again)]).await;
                assert!(refused.status == 422 && refused.shows(&format!("href=\"{field}\"")) && refused.shows(says), "{new}: {}", refused.body);
                assert!(!refused.shows(new) || new == "short", "{new} is shown again");
            }
            assert_eq!(browser.post(&link, &[("new", NEW), ("again", NEW)]).await.led(), (303, "/"));
        }

        async fn person_with_an_authenticator_is_asked_for_its_code_after_the_link(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let permit = owner.permit::<ChangeMyProofs>().await;
            let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
            let code = secret.code_at(db.store.now().unix_seconds());
            // The first letter tells of the new factor.
            factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
            letter(&db, 1).await;
            let link = link(&db, "owner@acme.example").await;
            let mut browser = Browser::new(&db);
            assert_eq!(browser.post(&link, &[("new", NEW), ("again", NEW)]).await.led(), (303, "/sign-in/code"));
            assert_eq!(browser.get("/account").await.led(), (303, "/sign-in/code?next=%2Faccount"));
            db.clock.advance(Span::minutes(1));
            let code = secret.code_at(db.store.now().unix_seconds());
            assert_eq!(browser.post("/sign-in/code", &[("code", code.as_str())]).await.led(), (303, "/"));
        }

        async fn link_lapses_after_an_hour(db: Db) {
            db.tenant("acme").await;
            let link = link(&db, "owner@acme.example").await;
            db.clock.advance(Span::minutes(61));
            assert!(Browser::new(&db).get(&link).await.shows("This link does not work any more."));
        }

        async fn somebody_signed_in_does_not_replace_anothers_password(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&db, "owner@acme.example").await;
            let mut browser = Browser::of(&acme.user(bailiwick_domain::role::Role::Auditor).await);
            let refused = browser.get(&link).await;
            assert!(refused.status == 409 && refused.shows("action=\"/sign-out\""));
            assert_eq!(browser.post(&link, &[("new", NEW), ("again", NEW)]).await.status, 409);
            assert!(browser.cookie(SESSION).is_some());
            assert!(Browser::new(&db).get(&link).await.shows("Set a new password"), "the link is as good as before");
        }
    }
}
