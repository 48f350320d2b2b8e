//! Whoever has a person's password, and nothing else, keeps them out nowhere and does not stay unnoticed.

use bailiwick_domain::{entity::MailKind, rule::SignIn, time::Span};
use bailiwick_ops::sign_in::{self, Step};
use bailiwick_store::sessions;
use bailiwick_testkit::{Db, PASSWORD, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::{
    notices::told,
    raised::raised,
    recovery::prepared,
    support::{ELSEWHERE, HOME, Known, opens, try_sign_in, verified},
};

/// The session that waits for the code.
fn waits(step: Step) -> SessionToken {
    match step {
        Step::SecondFactor(token) => token,
        Step::Done(_) => panic!("signed in with the password alone"),
    }
}

/// Gives the code in a session that waits for it, and keeps what the browser is known by then.
async fn finishes(db: &Db, browser: &mut Known, ip: &str, waiting: &SessionToken, secret: &TotpSecret) {
    let permit = browser.permit::<SignIn>(db, ip, Some(waiting)).await;
    let code = secret.code_at(db.store.now().unix_seconds());
    let token = sign_in::code(&db.store, &permit, &code).await.unwrap();
    assert!(opens(db, &token).await.is_ok());
    browser.keep(&token);
    db.clock.advance(Span::minutes(1));
}

/// A right password from an address where nobody is known.
async fn knows_the_password(db: &Db, ip: &str, email: &str) {
    waits(try_sign_in(db, ip, email, PASSWORD).await.unwrap());
}

both_databases! {
    async fn person_at_the_code_step_gets_in_from_their_device_while_others_have_their_password(db: Db) {
        let acme = db.tenant("acme").await;
        let (person, secret, _) = prepared(&acme).await;
        let email = &person.user.email;
        let mut laptop = Known::default();
        let first = waits(laptop.tries(&db, HOME, email, PASSWORD).await.unwrap());
        finishes(&db, &mut laptop, HOME, &first, &secret).await;
        let pending = waits(laptop.tries(&db, HOME, email, PASSWORD).await.unwrap());
        for n in 0..200 {
            // Some of them from the very address where the person sits.
            let ip = if n % 10 == 0 { HOME.to_owned() } else { format!("192.0.2.{n}") };
            knows_the_password(&db, &ip, email).await;
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(sessions::waiting_of(&mut view, person.id(), false).await.unwrap().len(), 50, "they have an end");
        assert_eq!(sessions::waiting_of(&mut view, person.id(), true).await.unwrap().len(), 1);
        drop(view);
        finishes(&db, &mut laptop, HOME, &pending, &secret).await;
        assert_eq!(raised(&acme, "sign_in.unanswered").await, 1);
        assert_eq!(told(&acme, MailKind::PasswordKnown, email).await, 1);
        db.clock.advance(Span::minutes(61));
        for _ in 0..10 {
            knows_the_password(&db, ELSEWHERE, email).await;
        }
        assert_eq!(raised(&acme, "sign_in.unanswered").await, 2, "in another hour");
        assert_eq!(told(&acme, MailKind::PasswordKnown, email).await, 1, "once in a day");
        verified(&db).await;
    }

    async fn person_elsewhere_gets_in_beside_somebody_who_has_their_password_at_one_source(db: Db) {
        let acme = db.tenant("acme").await;
        let (person, secret, _) = prepared(&acme).await;
        let mut borrowed = Known::default();
        let pending = waits(borrowed.tries(&db, HOME, &person.user.email, PASSWORD).await.unwrap());
        for _ in 0..60 {
            knows_the_password(&db, ELSEWHERE, &person.user.email).await;
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(sessions::waiting_of(&mut view, person.id(), false).await.unwrap().len(), 5 + 1);
        drop(view);
        finishes(&db, &mut borrowed, HOME, &pending, &secret).await;
        verified(&db).await;
    }

    async fn person_who_gives_the_code_each_time_raises_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let (person, secret, _) = prepared(&acme).await;
        let mut laptop = Known::default();
        for _ in 0..12 {
            let pending = waits(laptop.tries(&db, HOME, &person.user.email, PASSWORD).await.unwrap());
            finishes(&db, &mut laptop, HOME, &pending, &secret).await;
        }
        for _ in 0..9 {
            knows_the_password(&db, ELSEWHERE, &person.user.email).await;
        }
        assert_eq!(raised(&acme, "sign_in.unanswered").await, 0);
        assert_eq!(told(&acme, MailKind::PasswordKnown, &person.user.email).await, 0);
        knows_the_password(&db, ELSEWHERE, &person.user.email).await;
        assert_eq!(raised(&acme, "sign_in.unanswered").await, 1);
    }
}
