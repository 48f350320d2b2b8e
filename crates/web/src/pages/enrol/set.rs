//! Setting the first password, which signs the person in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::{enrolment, sign_in::Step};
use serde::Deserialize;

use super::{Link, enrolled, refused as dead, show::page};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::{
        refused::Refused,
        set_password::typed_otherwise,
        sign_in::{signed_in, with_session},
    },
    shell::Visit,
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
    Id(Link(token)): Id<Link>,
    form: Form<Chosen>,
) -> Result<Response> {
    let who = enrolled(&state.store, &permit, &token).await?;
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, NAMES),
        Ok(values) if values.new != values.again => typed_otherwise(),
        Ok(values) => {
            match enrolment::complete(&state.store, &state.hasher, &permit, &token, values.new).await {
                Ok(Step::Done(session)) => {
                    return Ok(signed_in(&state.store, &permit, "/", &session).into_response());
                }
                Ok(Step::SecondFactor(session)) => {
                    return Ok(with_session("/sign-in/code", &session).into_response());
                }
                Err(error) => Refused::by(dead(error), NAMES)?,
            }
        }
    };
    Ok((refused.status, page(&visit, &token, who, refused.problems)).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{role::Role, rule::ChangeMyProofs, time::Span};
    use bailiwick_ops::{enrolment, factors};
    use bailiwick_testkit::{Tenant, both_databases};

    use crate::pages::browser::Browser;

    async fn link(tenant: &Tenant) -> String {
        let user = tenant.add(Role::Auditor).await;
        let token = enrolment::begin(&tenant.db.store, &tenant.job(), user.id).await.unwrap();
        format!("/enrol/{}", token.expose().as_str())
    }

    const NEW: &str = "a long enough password";

    both_databases! {
        async fn first_user_sets_a_password_once_and_is_signed_in(db: Db) {
            let link = link(&db.tenant("acme").await).await;
            let mut browser = Browser::new(&db);
            let page = browser.get(&link).await;
            assert!(page.status == 200 && page.shows("acme.example") && page.shows("acme Pty Ltd"));
            let done = browser.post(&link, &[("username", "x"), ("new", NEW), ("again", NEW)]).await;
            assert_eq!(done.led(), (303, "/"));
            assert_eq!(browser.get("/account").await.status, 200);
            let mut second = Browser::new(&db);
            let used = second.get(&link).await;
            assert!(used.status == 409 && used.shows("This link does not work any more") && used.shows("href=\"/sign-in\""));
            assert_eq!(second.post(&link, &[("new", NEW), ("again", NEW)]).await.status, 409);
        }

        async fn person_with_an_authenticator_is_asked_for_its_code_after_a_link(db: Db) {
            let acme = db.tenant("acme").await;
            let owner = acme.owner();
            let permit = owner.permit::<ChangeMyProofs>().await;
            let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
            let code = secret.code_at(db.store.now().unix_seconds());
            factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
            let token = enrolment::begin(&db.store, &acme.job(), owner.id()).await.unwrap();
            let mut browser = Browser::new(&db);
            let done = browser.post(&format!("/enrol/{}", token.expose().as_str()), &[("new", NEW), ("again", NEW)]).await;
            assert_eq!(done.led(), (303, "/sign-in/code"));
            assert_eq!(browser.get("/account").await.led(), (303, "/sign-in/code?next=%2Faccount"));
            db.clock.advance(Span::minutes(1));
            let code = secret.code_at(db.store.now().unix_seconds());
            assert_eq!(browser.post("/sign-in/code", &[("code", code.as_str())]).await.led(), (303, "/"));
        }

        async fn person_is_told_which_password_to_correct(db: Db) {
            let link = link(&db.tenant("acme").await).await;
            let mut browser = Browser::new(&db);
            let short = browser.post(&link, &[("new", "short"), ("again", "short")]).await;
            assert!(short.status == 422 && short.shows(r##"href="#new""##) && short.shows("12 characters"));
            let differs = browser.post(&link, &[("new", NEW), ("again", "another long password")]).await;
            assert!(differs.status == 422 && differs.shows(r##"href="#again""##));
            assert!(!differs.shows(NEW) && !differs.shows("another long password"));
        }

        async fn nobody_is_told_whether_a_link_was_used_has_lapsed_or_never_was(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            db.clock.advance(Span::hours(25));
            let lapsed = Browser::new(&db).get(&link).await;
            let forged = Browser::new(&db).get(&format!("{}AAAA", &link[..link.len() - 4])).await;
            assert_eq!((lapsed.status.as_u16(), forged.status.as_u16()), (409, 409));
            for answer in [&lapsed, &forged] {
                assert!(answer.shows("This link does not work any more. Ask whoever sent it for another one."), "{}", answer.body);
                assert!(!answer.shows("expired") && !answer.shows("not known") && !answer.shows("was used"), "{}", answer.body);
            }
            assert_eq!(Browser::new(&db).get("/enrol/x").await.status, 404);
        }

        async fn somebody_signed_in_does_not_set_anothers_password(db: Db) {
            let acme = db.tenant("acme").await;
            let link = link(&acme).await;
            let mut browser = Browser::of(&acme.owner());
            let refused = browser.get(&link).await;
            assert!(refused.status == 409 && refused.shows("This browser is signed in") && !refused.shows("Reload the page"));
            assert_eq!(browser.post(&link, &[("new", NEW), ("again", NEW)]).await.status, 409);
            assert!(refused.shows("action=\"/sign-out\""));
            assert_eq!(browser.post("/sign-out", &[]).await.led(), (303, "/sign-in"));
            assert!(browser.get(&link).await.shows("Welcome, "), "the link is as good as before");
        }
    }
}
