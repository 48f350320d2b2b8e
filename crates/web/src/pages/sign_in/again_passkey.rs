//! Proving again who one is with a passkey. What its authenticator is asked comes from `/v1/me/proof/passkey/begin`.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::ProveAgain;
use serde::Deserialize;

use super::again::{Back, Proof, prove};
use crate::{access::Access, error::Result, forms::Form, shell::Visit, state::AppState};

#[derive(Deserialize)]
pub(super) struct Answer {
    ceremony: String,
    credential: String,
}

pub(super) async fn again_passkey(
    Access(permit): Access<ProveAgain>,
    State(state): State<AppState>,
    visit: Visit,
    form: Form<Answer>,
) -> Result<Response> {
    let proof = form.values.map(|Answer { ceremony, credential }| Proof::Passkey { ceremony, credential });
    prove(&state, &permit, &visit, &Back::of(&form.typed), proof).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;
    use bailiwick_testkit::{Actor, Authenticator, PASSWORD, both_databases};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    const FORM: &str = "/sign-in/again/passkey";

    async fn answered(browser: &mut Browser, device: &mut Authenticator) -> (String, String) {
        let begun = browser.call("/v1/me/proof/passkey/begin", None).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
        (question["ceremony"].as_str().unwrap().to_owned(), device.get(&question["options"]))
    }

    /// Somebody with a passkey whose last proof was too long ago.
    async fn stale(owner: &Actor, device: &mut Authenticator) -> Browser {
        owner.add_passkey(device, "Laptop").await;
        let browser = Browser::of(owner);
        owner.db.clock.advance(Span::minutes(11));
        browser
    }

    both_databases! {
        async fn person_with_a_passkey_proves_themselves_in_place(db: Db) {
            let mut device = Authenticator::new();
            let mut browser = stale(&db.tenant("acme").await.owner(), &mut device).await;
            assert_eq!(browser.post("/account/factors", &[]).await.led(), (303, "/sign-in/again"));
            let page = browser.get("/sign-in/again?next=%2Faccount").await;
            assert!(page.shows("Use a passkey") && page.shows(r#"value="/account""#));
            assert!(!page.shows(r#"name="password""#), "beside a passkey the password alone proves nothing");
            let old = browser.cookie(SESSION).unwrap().to_owned();
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let proof = [("next", "/account"), ("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
            assert_eq!(browser.post(FORM, &proof).await.led(), (303, "/account"));
            assert_ne!(browser.cookie(SESSION).unwrap(), old);
            assert!(browser.post("/account/factors", &[]).await.shows("totp-secret"));
            let again = browser.post(FORM, &proof).await;
            assert!(again.status == 422 && again.shows("did not prove that it is you"), "it belongs to the session that has ended");
            db.sign().await;
            db.verify().await.unwrap();
        }

        async fn floor_of_passkeys_leads_whoever_signed_in_by_less_to_their_passkey(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut device = Authenticator::new();
            owner.add_passkey(&mut device, "Laptop").await;
            let mut browser = Browser::of(&owner);
            let policy = [
                ("mfa_floor", "passkey"), ("mfa_grace_days", "0"), ("session_idle_minutes", "30"), ("session_absolute_hours", "12"), ("reauth_minutes", "10"), ("invitation_days", "14"),
            ];
            assert_eq!(browser.post("/policy", &policy).await.led(), (303, "/policy"));
            assert_eq!(browser.get("/account").await.led(), (303, "/sign-in/again?next=%2Faccount"));
            assert!(browser.get("/enrol/factor").await.location().starts_with("/sign-in/again"));
            let page = browser.get("/sign-in/again?next=%2Faccount").await;
            assert!(page.status == 200 && page.shows("asks for a passkey at each sign-in") && page.shows("Use a passkey"));
            assert!(!page.shows(r#"name="password""#), "nothing less is taken");
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let proof = [("next", "/account"), ("ceremony", ceremony.as_str()), ("credential", credential.as_str())];
            assert_eq!(browser.post(FORM, &proof).await.led(), (303, "/account"));
            assert_eq!(browser.get("/account").await.status, 200);
        }

        async fn answer_of_another_session_person_or_purpose_proves_nothing(db: Db) {
            let acme = db.tenant("acme").await;
            let mut device = Authenticator::new();
            let mut browser = stale(&acme.owner(), &mut device).await;
            let other = acme.user(bailiwick_domain::role::Role::Auditor).await;
            let mut theirs = Authenticator::new();
            other.add_passkey(&mut theirs, "Phone").await;
            let mut elsewhere = Browser::of(&other);
            let foreign = answered(&mut elsewhere, &mut theirs).await;
            let (own, _) = answered(&mut browser, &mut device).await;
            let begun = browser.post("/sign-in/passkey/begin", &[]).await;
            let question: serde_json::Value = serde_json::from_str(&begun.body).unwrap();
            let sign_in = (question["ceremony"].as_str().unwrap().to_owned(), device.get(&question["options"]));
            for (ceremony, credential, what) in [
                (foreign.0, foreign.1.clone(), "of somebody else"),
                (own.clone(), foreign.1, "a passkey of somebody else"),
                (sign_in.0, sign_in.1, "of a sign-in"),
                (own, "{}".to_owned(), "nothing"),
                ("x".to_owned(), "{}".to_owned(), "no ceremony"),
            ] {
                let refused = browser.post(FORM, &[("ceremony", &ceremony), ("credential", &credential)]).await;
                assert!(refused.status == 422 && refused.sets(SESSION).is_none(), "{what}: {}", refused.status);
            }
            assert_eq!(browser.post("/account/factors", &[]).await.led(), (303, "/sign-in/again"));
            // One whose user was not verified.
            device.stop_looking();
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let refused = browser.post(FORM, &[("ceremony", &ceremony), ("credential", &credential)]).await;
            assert_eq!(refused.status, 422);
        }

        async fn program_that_reads_json_proves_a_person_with_a_passkey(db: Db) {
            let mut device = Authenticator::new();
            let mut browser = stale(&db.tenant("acme").await.owner(), &mut device).await;
            let (ceremony, credential) = answered(&mut browser, &mut device).await;
            let body = serde_json::json!({"ceremony": ceremony, "credential": serde_json::from_str::<serde_json::Value>(&credential).unwrap()});
            let old = browser.cookie(SESSION).unwrap().to_owned();
            let done = browser.call("/v1/me/proof/passkey", Some(&body)).await;
            assert_eq!(done.status, 204, "{}", done.body);
            assert_ne!(browser.cookie(SESSION).unwrap(), old);
            assert_eq!(browser.post("/account/factors", &[]).await.status, 200);
        }

        async fn person_without_a_passkey_is_not_offered_one(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            let page = browser.get("/sign-in/again").await;
            assert!(page.shows(r#"name="password""#) && !page.shows("Use a passkey"));
            assert_eq!(browser.post("/sign-in/again", &[("password", PASSWORD)]).await.led(), (303, "/"));
        }
    }
}
