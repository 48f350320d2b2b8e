//! Signing in with a passkey, from the page of the password or of the code.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::sign_in::{self, Asked};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Denied, Standing, code_show::SignInCodePage, place, show::SignInPage, signed_in};
use crate::{
    access::Access,
    error::Result,
    forms::{Form, Json, Typed},
    pages::refused::Refused,
    shell::{SeeOther, Visit},
    state::AppState,
};

/// What the script of the page gives to `navigator.credentials`, and what it sends back beside the answer.
#[derive(Serialize)]
pub(crate) struct Question {
    ceremony: String,
    options: Value,
}

impl From<Asked> for Question {
    fn from(asked: Asked) -> Self {
        Self { ceremony: asked.ceremony, options: asked.options }
    }
}

#[derive(Deserialize)]
pub(super) struct Answer {
    ceremony: String,
    credential: String,
}

pub(super) async fn begin(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
) -> Result<Json<Question>> {
    let asked = sign_in::passkey_begin(&state.store, &state.passkeys()?, &permit, &visit.csrf)?;
    Ok(Json(asked.into()))
}

pub(super) async fn passkey(
    Access(permit): Access<SignIn>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Answer>,
) -> Result<Response> {
    let next = place(form.typed.value("next"));
    let standing = Standing::of(&permit);
    if standing == Standing::SignedIn {
        return Ok(SeeOther::to(next.as_str()).into_response());
    }
    let denied: Denied = match form.values {
        Err(problems) => Refused::unread(problems, &[]).into(),
        Ok(Answer { ceremony, credential }) => {
            let party = state.passkeys()?;
            match sign_in::passkey(&state.store, &party, &permit, &visit.csrf, &ceremony, &credential).await {
                Ok(token) => {
                    return Ok(signed_in(&state.store, &permit, next.as_str(), &token).into_response());
                }
                Err(error) => Denied::by(error)?,
            }
        }
    };
    Ok(denied.answer(|problems| match standing {
        Standing::CodeMissing => SignInCodePage::new(&permit, &visit, &next, problems).into_response(),
        Standing::Nobody | Standing::SignedIn => {
            SignInPage::new(&visit, &next, "", &Typed::default(), problems).into_response()
        }
    }))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{rule::ChangeMyProofs, time::Span};
    use bailiwick_testkit::{Authenticator, PASSWORD, both_databases};

    use crate::{
        access::cookies::{SESSION, VISITOR},
        pages::browser::Browser,
    };

    async fn answered(browser: &mut Browser, device: &mut Authenticator) -> (String, String) {
        browser.get("/sign-in").await;
        let begun = browser.post("/sign-in/passkey/begin", &[]).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
        (question["ceremony"].as_str().unwrap().to_owned(), device.get(&question["options"]))
    }

    both_databases! {
        async fn owner_signs_in_without_a_name_and_without_a_code(db: Db) {
            let mut device = Authenticator::new();
            db.tenant("acme").await.owner().add_passkey(&mut device, "Laptop").await;
            let mut browser = Browser::new(&db);
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let done = browser.post("/sign-in/passkey", &[("next", "/account"), ("ceremony", &ceremony), ("credential", &credential)]).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_eq!(done.sets(SESSION), Some("HttpOnly; SameSite=Lax; Secure; Path=/"));
            assert_eq!(browser.cookie(VISITOR), None);
            let page = browser.get("/account").await;
            assert!(page.shows("Laptop") && page.shows("Passkey"), "{}", page.body);
        }

        async fn answer_of_another_browser_signs_nobody_in(db: Db) {
            let mut device = Authenticator::new();
            db.tenant("acme").await.owner().add_passkey(&mut device, "Laptop").await;
            let mut browser = Browser::new(&db);
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let mut thief = Browser::new(&db);
            thief.get("/sign-in").await;
            let refused = thief.post("/sign-in/passkey", &[("ceremony", &ceremony), ("credential", &credential)]).await;
            assert!(refused.status == 409 && refused.shows("did not sign you in") && refused.sets(SESSION).is_none());
            assert!(refused.shows("name=\"password\""), "the other way in stays open");
        }

        async fn person_with_a_password_and_a_passkey_needs_both(db: Db) {
            let mut device = Authenticator::new();
            let owner = db.tenant("acme").await.owner();
            owner.add_passkey(&mut device, "Laptop").await;
            let mut browser = Browser::new(&db);
            let step = browser.post("/sign-in", &[("next", "/account"), ("address", "owner@acme.example"), ("password", PASSWORD)]).await;
            assert_eq!(step.led(), (303, "/sign-in/code?next=%2Faccount"));
            let page = browser.get("/sign-in/code?next=%2Faccount").await;
            assert!(page.shows("Sign in with a passkey"));
            let waiting = browser.cookie(SESSION).unwrap().to_owned();
            let begun = browser.post("/sign-in/passkey/begin", &[]).await;
            let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
            let (ceremony, credential) = (question["ceremony"].as_str().unwrap(), device.get(&question["options"]));
            let done = browser.post("/sign-in/passkey", &[("next", "/account"), ("ceremony", ceremony), ("credential", &credential)]).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_ne!(browser.cookie(SESSION).unwrap(), waiting);
            assert!(owner.try_permit::<ChangeMyProofs>().await.is_ok(), "the session in which it was added goes on");
        }

        async fn answer_that_comes_late_or_twice_signs_nobody_in(db: Db) {
            let mut device = Authenticator::new();
            db.tenant("acme").await.owner().add_passkey(&mut device, "Laptop").await;
            let mut browser = Browser::new(&db);
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            db.clock.advance(Span::minutes(5));
            let fields = [("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
            assert_eq!(browser.post("/sign-in/passkey", &fields).await.status, 409);
            for broken in [[("ceremony", "x"), ("credential", "y")], [("ceremony", &ceremony), ("credential", "{}")]] {
                assert_eq!(browser.post("/sign-in/passkey", &broken).await.status, 409);
            }
        }
    }
}
