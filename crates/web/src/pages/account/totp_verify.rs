//! Proving an authenticator by one of its codes.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::{ids::FactorId, rule::ChangeMyProofs};
use bailiwick_ops::factors;
use bailiwick_store::Store;
use serde::Deserialize;

use super::page::{AccountPage, Enrolment};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Id},
    pages::refused::Refused,
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
    // A wrong code may be tried again; whatever else was refused would be refused again.
    let waiting = refused.status.as_u16() == 422;
    let enrolment = waiting.then(|| Enrolment::waiting(id, &refused.problems));
    let page = AccountPage::read(&store, &permit, &visit, refused.problems, enrolment).await?;
    Ok((refused.status, page).into_response())
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::clock::Clock;
    use bailiwick_testkit::both_databases;
    use bailiwick_vault::totp::TotpSecret;

    use crate::pages::browser::Browser;

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
            assert!(wrong.status == 422 && wrong.shows("The code is not right.") && !wrong.shows(&shown));
            assert!(!browser.get("/account").await.shows(&shown));
            let code = secret.code_at(db.clock.now().unix_seconds());
            assert_eq!(browser.post(&action, &[("code", &code)]).await.led(), (303, "/account"));
            let page = browser.get("/account").await;
            assert!(page.shows("The authenticator is verified.") && page.shows("Verified"));
            let second = browser.post("/account/factors", &[]).await;
            assert!(second.status == 409 && second.shows("set up already"));
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
