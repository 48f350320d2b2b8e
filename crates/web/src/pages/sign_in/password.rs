//! Checking address and password.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::sign_in::{self, Step};
use serde::Deserialize;

use super::{Denied, asked_for, elsewhere, place, show::SignInPage, signed_in, step};
use crate::{
    access::{Access, cookies},
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{SeeOther, Visit},
    state::AppState,
};

#[derive(Deserialize)]
pub(super) struct Credentials {
    /// The id of the organisation to enter; empty for any.
    #[serde(default)]
    organisation: String,
    address: String,
    password: String,
}

pub(super) async fn password(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Credentials>,
) -> Result<Response> {
    let next = place(form.typed.value("next"));
    // Otherwise the attempt at one account would be recorded as made by another.
    if let Some(elsewhere) = elsewhere(&permit, &next) {
        return Ok(elsewhere);
    }
    let denied = match form.values {
        Err(problems) => Refused::unread(problems, &[]).into(),
        Ok(values) => {
            let Credentials { organisation, address, password } = values;
            let organisation = asked_for(&state.store, &organisation);
            let (store, hasher) = (&state.store, &state.hasher);
            match sign_in::password_in(store, hasher, &permit, organisation, &address, password).await {
                Ok(Step::Done(token)) => {
                    return Ok(signed_in(&state.store, &permit, next.as_str(), &token).into_response());
                }
                Ok(Step::SecondFactor(token)) => {
                    return Ok(SeeOther::to(&step("/sign-in/code", &next))
                        .cookie(cookies::session(&token))
                        .into_response());
                }
                Err(error) => Denied::by(error)?,
            }
        }
    };
    let organisation = form.typed.value("organisation");
    Ok(denied.answer(|problems| {
        SignInPage::new(&visit, &next, organisation, &form.typed, problems).into_response()
    }))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, time::Span};
    use bailiwick_ops::{
        enrolment,
        users::{self, NewUser},
    };
    use bailiwick_testkit::{PASSWORD, both_databases};

    use crate::{
        access::cookies::{DEVICE, SESSION, VISITOR},
        pages::browser::Browser,
    };

    both_databases! {
        async fn owner_signs_in_and_comes_back_to_where_they_were(db: Db) {
            db.tenant("acme").await;
            let mut browser = Browser::new(&db);
            let page = browser.get("/sign-in?next=%2Fusers%3Fq%3Da").await;
            assert!(page.shows(r#"value="/users?q=a""#));
            let done = browser.post("/sign-in", &[("next", "/users?q=a"), ("address", " Owner@ACME.example "), ("password", PASSWORD)]).await;
            assert_eq!(done.led(), (303, "/users?q=a"));
            assert_eq!(done.sets(SESSION), Some("HttpOnly; SameSite=Lax; Secure; Path=/"));
            assert_eq!(browser.cookie(VISITOR), None, "the visitor's cookie has done its work");
            assert_eq!(browser.get("/users").await.status, 200);
            assert_eq!(browser.get("/sign-in?next=%2Fusers").await.led(), (303, "/users"));
        }

        async fn nobody_learns_who_has_an_account(db: Db) {
            db.tenant("acme").await;
            let mut bodies = Vec::new();
            for address in ["owner@acme.example", "nobody@acme.example"] {
                let mut browser = Browser::new(&db);
                let answer = browser.post("/sign-in", &[("next", "/"), ("address", address), ("password", "not the password")]).await;
                assert_eq!(answer.status, 422);
                assert!(answer.shows(&format!(r#"value="{address}""#)), "what was typed is kept");
                assert!(!answer.shows("not the password") && answer.sets(SESSION).is_none());
                bodies.push(answer.between("<main", "</main>").unwrap().replace(address, "").replace(&answer.between(r#"name="csrf" value=""#, "\"").unwrap(), ""));
            }
            assert_eq!(bodies[0], bodies[1]);
        }

        async fn nobody_learns_what_became_of_an_account(db: Db) {
            let acme = db.tenant("acme").await;
            let (locked, disabled) = (acme.user(Role::PlanManager).await, acme.user(Role::Auditor).await);
            let without_password = acme.add(Role::Auditor).await;
            users::disable(&db.store, &acme.owner().permit().await, disabled.id()).await.unwrap();
            for _ in 0..6 {
                Browser::new(&db).post("/sign-in", &[("address", &locked.user.email), ("password", "not the password")]).await;
            }
            let mut told = Vec::new();
            for address in ["nobody@acme.example", &locked.user.email, &disabled.user.email, &without_password.email] {
                let mut browser = Browser::new(&db);
                let answer = browser.post("/sign-in", &[("next", "/"), ("address", address), ("password", PASSWORD)]).await;
                let csrf = answer.between(r#"name="csrf" value=""#, "\"").unwrap();
                let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
                let body = answer.between("<main", "</main>").unwrap().replace(address, "").replace(&csrf, "");
                told.push((answer.status, names, body));
            }
            for other in &told[1..] {
                assert_eq!(&told[0], other);
            }
        }

        async fn browser_that_was_here_is_known_while_others_have_to_wait(db: Db) {
            db.tenant("acme").await;
            let right = [("next", "/"), ("address", "owner@acme.example"), ("password", PASSWORD)];
            let mut laptop = Browser::new(&db);
            let done = laptop.post("/sign-in", &right).await;
            let attributes = done.sets(DEVICE).unwrap();
            for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=15552000"] {
                assert!(attributes.split("; ").any(|found| found == attribute), "{attributes}");
            }
            assert_eq!(laptop.post("/sign-out", &[]).await.led(), (303, "/sign-in"));
            assert!(laptop.cookie(DEVICE).is_some(), "it outlasts the session");
            db.clock.advance(Span::seconds(1));
            let mut stranger = Browser::new(&db);
            for _ in 0..5 {
                stranger.post("/sign-in", &[("address", "owner@acme.example"), ("password", "not the password")]).await;
            }
            // From the same address, which none of these browsers has.
            assert_eq!(stranger.post("/sign-in", &right).await.status, 422);
            assert!(stranger.cookie(DEVICE).is_none());
            assert_eq!(laptop.post("/sign-in", &right).await.led(), (303, "/"));
        }

        async fn attacker_who_guesses_has_to_wait(db: Db) {
            db.tenant("acme").await;
            let mut browser = Browser::new(&db);
            let guess = [("next", "/"), ("address", "owner@acme.example"), ("password", "not the password")];
            for _ in 0..5 {
                assert_eq!(browser.post("/sign-in", &guess).await.status, 422);
            }
            let limited = browser.post("/sign-in", &[("address", "owner@acme.example"), ("password", PASSWORD)]).await;
            // The same answer as to any wrong guess: another one would tell that there is an account.
            assert_eq!(limited.status, 422);
            assert!(limited.shows("wait fifteen minutes") && limited.sets(SESSION).is_none());
        }

        async fn person_enters_the_organisation_that_the_link_names(db: Db) {
            let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
            let new = NewUser { email: "owner@acme.example".into(), name: "Olive Elsewhere".into(), role: Role::Auditor };
            let other = users::create(&db.store, &globex.job(), new).await.unwrap();
            enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, PASSWORD.into()).await.unwrap();
            for (tenant, name) in [(acme.id(), "acme Pty Ltd"), (globex.id(), "globex Pty Ltd")] {
                let mut browser = Browser::new(&db);
                let id = tenant.to_string();
                let page = browser.get(&format!("/sign-in?organisation={id}&next=%2Faccount")).await;
                assert!(page.shows(&format!(r#"name="organisation" value="{id}""#)), "{}", page.body);
                let wrong = browser.post("/sign-in", &[("next", "/account"), ("organisation", &id), ("address", "owner@acme.example"), ("password", "not the password")]).await;
                assert!(wrong.status == 422 && wrong.shows(&format!(r#"name="organisation" value="{id}""#)), "it is kept");
                let done = browser.post("/sign-in", &[("next", "/account"), ("organisation", &id), ("address", "owner@acme.example"), ("password", PASSWORD)]).await;
                assert_eq!(done.led(), (303, "/account"));
                assert!(browser.get("/account").await.shows(name), "{name}");
            }
            let strange = Browser::new(&db).get("/sign-in?organisation=%22%3E%3Cb%3E").await;
            assert!(strange.status == 200 && !strange.shows(r#"name="organisation""#), "what is no id is left out");
            for organisation in ["no id", "00000000-0000-0000-0000-000000000000"] {
                let form = [("organisation", organisation), ("address", "owner@acme.example"), ("password", PASSWORD)];
                let answer = Browser::new(&db).post("/sign-in", &form).await;
                assert!(answer.status == 422 && answer.shows("The address or the password is not right."), "{organisation}");
            }
        }

        async fn nobody_is_led_to_another_site(db: Db) {
            db.tenant("acme").await;
            let mut browser = Browser::new(&db);
            let done = browser.post("/sign-in", &[("next", "//evil.example"), ("address", "owner@acme.example"), ("password", PASSWORD)]).await;
            assert_eq!(done.led(), (303, "/"));
        }
    }
}
