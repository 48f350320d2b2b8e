//! Changing one's own password. The session goes on under a new id.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::ChangeMyProofs;
use bailiwick_ops::passwords::{self, NewPassword};
use serde::Deserialize;

use super::password_show::PasswordPage;
use crate::{
    access::{Access, cookies},
    error::Result,
    forms::Form,
    pages::{refused::Refused, set_password::typed_otherwise, sign_in::known_device},
    shell::{Message, SeeOther, Visit},
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct Changing {
    current: String,
    new: String,
    again: String,
}

pub(super) async fn password_change(
    Access(permit): Access<ChangeMyProofs>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Changing>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) if values.new != values.again => typed_otherwise(),
        Ok(values) => {
            let passwords = NewPassword { current: values.current, new: values.new };
            match passwords::change(&state.store, &state.hasher, &permit, passwords).await {
                Ok(session) => {
                    let done = SeeOther::to("/account").tell(Message::PasswordChanged);
                    let known = known_device(&state.store, &permit, &session);
                    return Ok(done.cookie(cookies::session(&session)).cookie(known).into_response());
                }
                Err(error) => Refused::by(error, &[])?,
            }
        }
    };
    Ok((refused.status, PasswordPage::new(&permit, &visit, refused.problems)?).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::{PASSWORD, both_databases};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    const NEW: &str = "seven quiet lanterns";

    both_databases! {
        async fn person_changes_their_password_and_the_old_session_is_worth_nothing(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            assert!(browser.get("/account").await.shows(r#"href="/account/password""#));
            assert!(browser.get("/account/password").await.shows("owner@acme.example"));
            let fields = [("username", "x"), ("current", PASSWORD), ("new", NEW), ("again", NEW)];
            let done = browser.post("/account/password", &fields).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_eq!(done.sets(SESSION), Some("HttpOnly; SameSite=Lax; Secure; Path=/"));
            assert_ne!(browser.cookie(SESSION), Some(owner.token.as_str()));
            assert!(browser.get("/account").await.shows("Every other session of yours has ended."));
            let replayed = Browser::of(&owner).get("/account").await;
            assert_eq!(replayed.led(), (303, "/sign-in?next=%2Faccount"), "the token before is refused");
            let mut again = Browser::new(&db);
            assert_eq!(again.post("/sign-in", &[("address", "owner@acme.example"), ("password", PASSWORD)]).await.status, 422);
            assert_eq!(again.post("/sign-in", &[("address", "owner@acme.example"), ("password", NEW)]).await.led(), (303, "/"));
        }

        async fn person_finds_what_is_wrong_beside_the_field_and_no_password_in_the_page(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            for (current, new, again, field, says) in [
                ("a wrong one entirely", NEW, NEW, "#current", "This is not your present password."),
                (PASSWORD, PASSWORD, PASSWORD, "#new", "the password that you have now"),
                (PASSWORD, "password1234", "password1234", "#new", "known from leaks"),
                (PASSWORD, "elevenchars", "elevenchars", "#new", "12 characters"),
                (PASSWORD, NEW, "another one entirely", "#again", "not the same password"),
            ] {
                let refused = browser.post("/account/password", &[("current", current), ("new", new), ("again", again)]).await;
                assert!(refused.status == 422 && refused.shows(&format!("href=\"{field}\"")) && refused.shows(says), "{new}: {}", refused.body);
                assert!([current, new, again].iter().all(|typed| !refused.shows(typed)), "{new}");
            }
            assert_eq!(browser.post("/account/password", &[("current", PASSWORD)]).await.status, 422);
            assert_eq!(browser.get("/account").await.status, 200, "the session goes on");
        }

        async fn guesser_with_a_session_has_to_wait_like_any_other(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.owner());
            for wrong in 1..=4 {
                let guess = format!("guess number {wrong} of many");
                let refused = browser.post("/account/password", &[("current", &guess), ("new", NEW), ("again", NEW)]).await;
                assert_eq!(refused.status, 422);
            }
            let fifth = browser.post("/account/password", &[("current", "guess number 5 of many"), ("new", NEW), ("again", NEW)]).await;
            assert!(fifth.status == 409 && fifth.shows("this session has ended"));
            assert_eq!(browser.get("/account").await.status, 303, "and it has");
            let mut other = Browser::of(&acme.user(bailiwick_domain::role::Role::TenantOwner).await);
            assert_eq!(other.get("/account").await.status, 200, "nobody else's");
        }
    }
}
