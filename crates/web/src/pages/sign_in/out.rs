//! Signing out. It works with any session, also one that waits for its code or has ended by itself.

use axum::extract::State;
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::{Error, sign_in};
use bailiwick_store::Store;

use crate::{
    access::{Access, cookies},
    error::Result,
    shell::{Message, SeeOther},
};

pub(super) async fn out(Access(permit): Access<SignIn>, State(store): State<Store>) -> Result<SeeOther> {
    match sign_in::sign_out(&store, &permit).await {
        // Another request ended it a moment ago.
        Ok(()) | Err(Error::NotFound) => {
            Ok(SeeOther::to("/sign-in").tell(Message::SignedOut).cookie(cookies::end_session()))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_testkit::both_databases;

    use crate::{access::cookies::SESSION, pages::browser::Browser};

    both_databases! {
        async fn owner_signs_out_and_the_session_is_dead_everywhere(db: Db) {
            let owner = db.tenant("acme").await.owner();
            let mut browser = Browser::of(&owner);
            assert_eq!(browser.post("/sign-out", &[]).await.led(), (303, "/sign-in"));
            assert_eq!(browser.cookie(SESSION), None);
            assert!(browser.get("/sign-in").await.shows("You are signed out."));
            let stolen = Browser::of(&owner).get("/account").await;
            assert_eq!(stolen.led(), (303, "/sign-in?next=%2Faccount"));
        }

        async fn person_of_a_suspended_organisation_is_offered_to_sign_out_and_does(db: Db) {
            let acme = db.tenant("acme").await;
            let mut owner = Browser::of(&acme.owner());
            db.platform().await.suspend(acme.id()).await;
            let page = owner.get("/security").await;
            assert!(page.status == 403 && page.shows("This organisation is suspended"), "{}", page.body);
            assert!(page.shows("action=\"/sign-out\"") && !page.shows("Go to the start page"), "{}", page.body);
            assert_eq!(owner.post("/sign-out", &[]).await.led(), (303, "/sign-in"));
            assert_eq!(owner.cookie(SESSION), None);
        }

        async fn visitor_may_sign_out_too(db: Db) {
            assert_eq!(Browser::new(&db).post("/sign-out", &[]).await.led(), (303, "/sign-in"));
        }
    }
}
