//! Proving an authenticator by one of its codes.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Deserialize;

use super::page::AccountPage;
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::{authenticator::Enrolment, refused::Refused},
    shell::{Message, SeeOther, Visit},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    code: String,
}

pub(super) async fn totp_verify(
    Access(permit): Access<ChangeMyProofs>,
    State(store): State<Store>,
    visit: Visit,
    Id(id): Id<FactorId>,
    form: Form<Code>,
) -> Result<Response> {
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match factors::totp_verify(&store, &permit, id, &values.code).await {
            Ok(_) => return Ok(SeeOther::to("/account").tell(Message::FactorVerified).into_response()),
            Err(error) => Refused::by(error, &[])?,
        },
    };
    // After a wrong code the secret is shown again, since an app that was set up wrongly shows no right one; whatever else was refused would be refused again.
    let waiting = refused.status.as_u16() == 422;
    let secret = if waiting { factors::totp_waiting(&store, &permit, id).await? } else { None };
    let enrolment = match (secret, permit.caller()) {
        (Some(secret), Some(caller)) => {
            let shown = Enrolment::shown(format!("/account/factors/{id}"), &secret, caller)?;
            Some(shown.again(&refused.problems))
        }
        _ => None,
    };
    let page = AccountPage::read(&store, &permit, &visit, refused.problems, enrolment).await?;
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{clock::Clock, time::Span};
    use bailiwick_testkit::{Actor, both_databases};
    use bailiwick_vault::totp::TotpSecret;

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    both_databases! {
        async fn person_sets_up_an_authenticator_whose_secret_is_shown_once(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            let begun = browser.post("/account/factors", &[]).await;
            assert!(begun.status == 200 && begun.shows("data:image/svg+xml;base64,"));
            assert_eq!(begun.headers["cache-control"], "no-store");
            let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
            let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            let wrong = browser.post(&action, &[("code", "000000")]).await;
            assert!(wrong.status == 422 && wrong.shows("The code is not right.") && wrong.shows(&shown), "the app may not have it yet");
            assert!(!browser.get("/account").await.shows(&shown), "reading the page does not show it");
            let code = secret.code_at(db.clock.now().unix_seconds());
            assert_eq!(browser.post(&action, &[("code", &code)]).await.led(), (303, "/account"));
            let page = browser.get("/account").await;
            assert!(page.shows("The authenticator is verified.") && page.shows("Verified"));
            for name in ["Work phone", "Tablet", "Key ring", "Drawer"] {
                let begun = browser.post("/account/factors", &[("name", name)]).await;
                let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
                let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
                let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
                let code = secret.code_at(db.clock.now().unix_seconds());
                assert_eq!(browser.post(&action, &[("code", &code)]).await.led(), (303, "/account"), "{name}");
                assert!(browser.get("/account").await.shows(name));
            }
            let sixth = browser.post("/account/factors", &[("name", "One more")]).await;
            assert!(sixth.status == 409 && sixth.shows("You have five authenticator apps"));
        }

        async fn session_in_which_an_authenticator_is_proven_gets_another_token(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            let begun = browser.post("/account/factors", &[]).await;
            let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
            let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            let before = browser.cookie(SESSION).unwrap().to_owned();
            let code = secret.code_at(db.clock.now().unix_seconds());
            browser.post(&action, &[("code", &code)]).await;
            assert_eq!(browser.get("/account").await.status, 200);
            assert_ne!(browser.cookie(SESSION).unwrap(), before);
            db.clock.advance(Span::seconds(6));
            assert_eq!(browser.get("/account").await.status, 200);
            let copied = Browser::of(&Actor { token: before, ..owner }).get("/account").await;
            assert_eq!(copied.led(), (303, "/sign-in?next=%2Faccount"), "what was copied before it opens nothing");
        }

        async fn person_corrects_the_name_of_an_authenticator(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            let begun = browser.post("/account/factors", &[("name", "Work phone")]).await;
            let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
            let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            let code = secret.code_at(db.clock.now().unix_seconds());
            browser.post(&action, &[("code", &code)]).await;
            for name in ["Work phone", "a\u{200b}b"] {
                let refused = browser.post("/account/factors", &[("name", name)]).await;
                assert!(refused.status == 422 && refused.shows("id=\"name-error\""), "{name}");
            }
        }

        async fn person_who_cancels_leaves_no_authenticator_that_was_not_proven(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            let begun = browser.post("/account/factors", &[]).await;
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            assert!(begun.shows(&format!("action=\"{action}/remove\"")));
            assert!(browser.get("/account").await.shows("Not proven yet"));
            assert_eq!(browser.post(&format!("{action}/remove"), &[]).await.led(), (303, "/account"));
            let page = browser.get("/account").await;
            assert!(page.shows("The setup was cancelled.") && !page.shows("Not proven yet"));
            assert_eq!(browser.post(&action, &[("code", "000000")]).await.status, 409, "it is gone");
        }

        async fn person_removes_an_authenticator_after_a_question(db: Db) {
            let acme = db.tenant("acme").await;
            let mut browser = Browser::of(&acme.owner());
            let begun = browser.post("/account/factors", &[("name", "Old phone")]).await;
            let shown = begun.between(r#"<code id="totp-secret">"#, "<").unwrap();
            let secret = TotpSecret::from_base32(&shown.replace(' ', "")).unwrap();
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            let code = secret.code_at(db.clock.now().unix_seconds());
            browser.post(&action, &[("code", &code)]).await;
            let remove = format!("{action}/remove");
            let link = format!("href=\"{remove}\"");
            assert!(!browser.get("/account").await.shows(&link), "the policy keeps the last one");
            let kept = browser.get(&remove).await;
            assert!(kept.status == 409 && kept.shows("Your organisation asks for a second factor."));
            assert_eq!(browser.post(&remove, &[]).await.status, 409);
            let policy = [("mfa_floor", "any"), ("mfa_grace_days", "14"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14")];
            assert_eq!(browser.post("/policy", &policy).await.led(), (303, "/policy"));
            assert!(browser.get("/account").await.shows(&link));
            let question = browser.get(&remove).await;
            assert!(question.status == 200 && question.shows("Remove “Old phone”?") && question.shows("Only your password"));
            let mut other = Browser::of(&acme.user(bailiwick_domain::role::Role::Auditor).await);
            assert_eq!((other.get(&remove).await.status.as_u16(), other.post(&remove, &[]).await.status.as_u16()), (404, 404));
            assert_eq!(browser.post(&remove, &[]).await.led(), (303, "/account"));
            assert!(!browser.get("/account").await.shows("Old phone"));
            assert_eq!(browser.post(&remove, &[]).await.status, 404);
        }

        async fn an_authenticator_of_somebody_else_is_not_there(db: Db) {
            let acme = db.tenant("acme").await;
            let begun = Browser::of(&acme.owner()).post("/account/factors", &[]).await;
            let action = format!("/account/factors/{}", begun.between(r#"action="/account/factors/"#, "\"").unwrap());
            let mut other = Browser::of(&acme.user(bailiwick_domain::role::Role::Auditor).await);
            assert_eq!(other.post(&action, &[("code", "000000")]).await.status, 404);
        }
    }
}
