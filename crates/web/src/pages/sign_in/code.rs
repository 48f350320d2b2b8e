//! Checking the one-time code.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_store::Store;

use super::second::{Code, Second};
use crate::{access::Access, error::Result, forms::Form, shell::Visit};

pub(super) async fn code(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Code>,
) -> Result<Response> {
    Second::OneTimeCode.check(&store, &permit, &visit, form).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{clock::Clock, rule::ChangeMyProofs, time::Span};
    use bailiwick_ops::factors;
    use bailiwick_testkit::{Actor, Db, PASSWORD, both_databases};
    use bailiwick_vault::totp::TotpSecret;

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    async fn enrolled(actor: &Actor) -> TotpSecret {
        let permit = actor.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
        let code = now(&actor.db, &secret);
        factors::totp_verify(&actor.db.store, &permit, factor.id, &code).await.unwrap();
        actor.db.clock.advance(Span::minutes(2));
        secret
    }

    fn now(db: &Db, secret: &TotpSecret) -> String {
        secret.code_at(db.clock.now().unix_seconds()).to_string()
    }

    async fn after_the_password(db: &Db) -> Browser {
        let mut browser = Browser::new(db);
        let answer = browser
            .post(
                "/sign-in",
                &[("next", "/account"), ("address", "owner@acme.example"), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(answer.led(), (303, "/sign-in/code?next=%2Faccount"));
        browser
    }

    both_databases! {
        async fn owner_with_an_authenticator_gets_in_only_with_its_code(db: Db) {
            let secret = enrolled(&db.tenant("acme").await.owner()).await;
            let mut browser = after_the_password(&db).await;
            assert_eq!(browser.get("/account").await.led(), (303, "/sign-in/code?next=%2Faccount"));
            assert_eq!(browser.get("/").await.led(), (303, "/sign-in/code"));
            assert!(browser.get("/sign-in/code?next=%2Faccount").await.shows("owner@acme.example"));
            let waiting = browser.cookie(SESSION).unwrap().to_owned();
            let wrong = browser.post("/sign-in/code", &[("next", "/account"), ("code", "000000")]).await;
            assert_eq!(wrong.status, 422);
            let code = now(&db, &secret);
            let done = browser.post("/sign-in/code", &[("next", "/account"), ("code", &code)]).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_ne!(browser.cookie(SESSION).unwrap(), waiting, "each step has a session of its own");
            assert_eq!(browser.get("/account").await.status, 200);
        }

        async fn guesser_of_codes_is_led_back_to_the_password(db: Db) {
            enrolled(&db.tenant("acme").await.owner()).await;
            let mut browser = after_the_password(&db).await;
            for _ in 0..4 {
                let wrong = browser.post("/sign-in/code", &[("code", "000000")]).await;
                assert!(wrong.status == 422 && wrong.shows("name=\"code\""));
            }
            let fifth = browser.post("/sign-in/code", &[("next", "/account"), ("code", "000000")]).await;
            assert_eq!(fifth.status, 409);
            assert!(fifth.shows("Sign in with your password again") && fifth.shows("name=\"password\"") && fifth.shows(r#"value="/account""#));
            assert_eq!(browser.post("/sign-in/code", &[("code", "000000")]).await.led(), (303, "/sign-in"));
            after_the_password(&db).await;
        }

        async fn attacker_cannot_use_a_code_twice(db: Db) {
            let secret = enrolled(&db.tenant("acme").await.owner()).await;
            let code = now(&db, &secret);
            let mut browser = after_the_password(&db).await;
            assert_eq!(browser.post("/sign-in/code", &[("code", &code)]).await.status, 303);
            let mut second = after_the_password(&db).await;
            assert_eq!(second.post("/sign-in/code", &[("code", &code)]).await.status, 422);
        }

        async fn nobody_starts_with_the_code(db: Db) {
            let mut browser = Browser::new(&db);
            assert_eq!(browser.get("/sign-in/code").await.led(), (303, "/sign-in"));
            assert_eq!(browser.post("/sign-in/code", &[("code", "000000")]).await.led(), (303, "/sign-in"));
        }
    }
}
