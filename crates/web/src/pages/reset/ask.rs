//! Asking for the letter.
//!
//! Whoever asks is answered before anybody looks whether there is an account: neither the answer nor its time can tell, and
//! what happens afterwards nobody waits for. A crash in between loses a letter that can be asked for again.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use bailiwick_domain::rule::SignIn;
use bailiwick_ops::passwords::reset::{self, SignInAddress};
use bailiwick_store::{Permit, Store};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tracing::Instrument;

use super::{elsewhere, forgot::ForgotPage};
use crate::{
    access::Access,
    error::Result,
    forms::Form,
    pages::refused::Refused,
    shell::{Shell, Visit},
};

/// Requests that are worked on or wait for it; one more is dropped and leads to no letter.
static PLACES: Semaphore = Semaphore::const_new(256);
/// Requests that are worked on at the same moment: few, so that they never keep the people who are signed in waiting.
static TURNS: Semaphore = Semaphore::const_new(2);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asking {
    address: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "reset/asked.html")]
struct AskedPage {
    shell: Shell,
}

pub(super) async fn ask(
    Access(permit): Access<SignIn>,
    State(store): State<Store>,
    visit: Visit,
    form: Form<Asking>,
) -> Result<Response> {
    if let Some(elsewhere) = elsewhere(&permit) {
        return Ok(elsewhere);
    }
    let refused = match form.values {
        Err(problems) => Refused::unread(problems, &[]),
        Ok(values) => match SignInAddress::parse(&values.address) {
            Ok(address) => {
                ask_later(store, permit, address);
                let shell = Shell::card(&visit, "Look into your mailbox");
                return Ok(AskedPage { shell }.into_response());
            }
            Err(error) => Refused::by(error, &[])?,
        },
    };
    Ok((refused.status, ForgotPage::new(&visit, &form.typed, refused.problems)).into_response())
}

/// Does the work apart from the answer.
pub(crate) fn ask_later(store: Store, permit: Permit<SignIn>, address: SignInAddress) {
    let request = permit.request().id;
    let Ok(place) = PLACES.try_acquire() else {
        return tracing::warn!(%request, "too many links for forgotten passwords are asked for at once: this one was dropped");
    };
    let work = async move {
        let _place = place;
        let Ok(_turn) = TURNS.acquire().await else { return };
        if let Err(error) = reset::ask(&store, &permit, &address).await {
            tracing::error!(%request, error = &error as &dyn std::error::Error, "a link for a forgotten password was not sent");
        }
    };
    drop(tokio::spawn(work.in_current_span()));
}

#[cfg(test)]
pub(in crate::pages) use tests::letter;

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use bailiwick_mail::{LinkBase, Mailbox, Message};
    use bailiwick_ops::mail::Mailroom;
    use bailiwick_testkit::{Db, both_databases};

    use crate::pages::browser::Browser;

    /// The newest of `count` letters, which are written after the answers.
    pub(in crate::pages) async fn letter(db: &Db, count: usize) -> Arc<Message> {
        let mailbox = Mailbox::default();
        let base = LinkBase::parse("https://bailiwick.test").unwrap();
        let from = "no-reply@bailiwick.test".parse().unwrap();
        let room = Mailroom::new(db.store.clone(), db.jobs(), Arc::new(mailbox.clone()), from, base);
        loop {
            room.round().await.unwrap();
            let kept = mailbox.messages();
            if kept.len() >= count {
                return Arc::clone(&kept[0].message);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    both_databases! {
        async fn forgetful_person_is_led_from_the_sign_in_to_a_letter(db: Db) {
            db.tenant("acme").await;
            let mut browser = Browser::new(&db);
            assert!(browser.get("/sign-in").await.shows(r#"href="/reset""#));
            assert!(browser.get("/reset").await.shows("Forgot your password?"));
            let asked = browser.post("/reset", &[("address", " Owner@ACME.example ")]).await;
            assert!(asked.status == 200 && asked.shows("Look into your mailbox"));
            let letter = letter(&db, 1).await;
            assert_eq!(letter.to.as_str(), "owner@acme.example");
            assert!(letter.content.link.starts_with("https://bailiwick.test/reset/"));
        }

        async fn nobody_learns_who_has_an_account(db: Db) {
            db.tenant("acme").await;
            let mut bodies = Vec::new();
            for address in ["owner@acme.example", "nobody@acme.example"] {
                let answer = Browser::new(&db).post("/reset", &[("address", address)]).await;
                assert!(answer.status == 200 && !answer.shows(address));
                bodies.push(answer.between("<main", "</main>").unwrap());
            }
            assert_eq!(bodies[0], bodies[1]);
        }

        async fn person_corrects_what_is_no_address(db: Db) {
            let mut browser = Browser::new(&db);
            let wrong = browser.post("/reset", &[("address", "owner")]).await;
            assert!(wrong.status == 422 && wrong.shows(r##"href="#address""##) && wrong.shows(r#"value="owner""#));
            assert_eq!(browser.post("/reset", &[]).await.status, 422);
            assert_eq!(browser.post("/reset", &[("address", "a@example.com"), ("more", "x")]).await.status, 422);
        }

        async fn whoever_is_signed_in_changes_their_password_instead(db: Db) {
            let mut browser = Browser::of(&db.tenant("acme").await.owner());
            assert_eq!(browser.get("/reset").await.led(), (303, "/account/password"));
            assert_eq!(browser.post("/reset", &[("address", "owner@acme.example")]).await.led(), (303, "/account/password"));
        }
    }
}
