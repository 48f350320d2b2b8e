//! Checking a recovery code.

use axum::{extract::State, response::Response};
use bailiwick_domain::rule::SignIn;
use bailiwick_store::Store;

use super::second::{Code, Second};
use crate::{access::Access, error::Result, forms::Form, shell::Visit};

pub(super) async fn recovery(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Code>,
) -> Result<Response> {
    Second::RecoveryCode.check(&store, &permit, &visit, form).await
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{clock::Clock, rule::ChangeMyProofs};
    use bailiwick_ops::factors;
    use bailiwick_testkit::{Actor, Db, PASSWORD, both_databases};

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    async fn codes_of(actor: &Actor) -> Vec<String> {
        let (store, permit) = (&actor.db.store, actor.permit::<ChangeMyProofs>().await);
        let (factor, secret) = factors::totp_begin(store, &permit, None).await.unwrap();
        let code = secret.code_at(actor.db.clock.now().unix_seconds());
        factors::totp_verify(store, &permit, factor.id, &code).await.unwrap();
        let codes = factors::make_recovery_codes(store, &permit).await.unwrap();
        codes.iter().map(|code| code.expose().to_string()).collect()
    }

    async fn after_the_password(db: &Db) -> Browser {
        let mut browser = Browser::new(db);
        let form = [("next", "/account"), ("address", "owner@acme.example"), ("password", PASSWORD)];
        assert_eq!(browser.post("/sign-in", &form).await.led(), (303, "/sign-in/code?next=%2Faccount"));
        browser
    }

    both_databases! {
        async fn owner_without_their_authenticator_gets_in_once_with_each_code(db: Db) {
            let codes = codes_of(&db.tenant("acme").await.owner()).await;
            let mut browser = after_the_password(&db).await;
            let step = browser.get("/sign-in/code?next=%2Faccount").await;
            assert!(step.shows("href=\"/sign-in/recovery?next=%2Faccount\""));
            assert!(browser.get("/sign-in/recovery?next=%2Faccount").await.shows("Recovery code"));
            for wrong in ["", "123456", "AAAAA-AAAAA-AAAAA-AAAAA"] {
                let refused = browser.post("/sign-in/recovery", &[("next", "/account"), ("code", wrong)]).await;
                assert!(refused.status == 422 && refused.shows("This is no recovery code") && refused.shows(r#"value="/account""#), "{wrong}");
            }
            let waiting = browser.cookie(SESSION).unwrap().to_owned();
            let typed = codes[0].to_lowercase().replace('-', " ");
            let done = browser.post("/sign-in/recovery", &[("next", "/account"), ("code", &typed)]).await;
            assert_eq!(done.led(), (303, "/account"));
            assert_ne!(browser.cookie(SESSION).unwrap(), waiting);
            assert!(browser.get("/account").await.shows("Password and recovery code"));
            assert!(browser.get("/account").await.shows("9 unused codes"));
            let mut second = after_the_password(&db).await;
            assert_eq!(second.post("/sign-in/recovery", &[("code", &codes[0])]).await.status, 422, "each is good once");
            assert_eq!(second.post("/sign-in/recovery", &[("code", &codes[1])]).await.status, 303);
        }

        async fn nobody_starts_with_a_recovery_code(db: Db) {
            let mut browser = Browser::new(&db);
            assert_eq!(browser.get("/sign-in/recovery").await.led(), (303, "/sign-in"));
            assert_eq!(browser.post("/sign-in/recovery", &[("code", "x")]).await.led(), (303, "/sign-in"));
            let mut owner = Browser::of(&db.tenant("acme").await.owner());
            assert_eq!(owner.get("/sign-in/recovery").await.led(), (303, "/"));
        }

        async fn guesser_of_recovery_codes_is_led_back_to_the_password(db: Db) {
            codes_of(&db.tenant("acme").await.owner()).await;
            let mut browser = after_the_password(&db).await;
            for _ in 0..4 {
                assert_eq!(browser.post("/sign-in/recovery", &[("code", "x")]).await.status, 422);
            }
            let fifth = browser.post("/sign-in/recovery", &[("code", "x")]).await;
            assert!(fifth.status == 409 && fifth.shows("Sign in with your password again"));
        }
    }
}
