//! Several authenticators of one person, and removing them.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{FactorState, Severity},
    ids::FactorId,
    role::Role,
    rule::{ChangeMyProofs, Me},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error, factors,
    sign_in::{self, Step},
};
use bailiwick_store::{Refusal, accounts, posture, recovery_codes, security_events};
use bailiwick_testkit::{Actor, both_databases};
use bailiwick_vault::totp::TotpSecret;

use crate::support::{
    ELSEWHERE, HOME, ask_nothing, opens, room_of, times, try_sign_in, verified, with_cookie,
};

async fn add(user: &Actor, name: &str) -> (FactorId, TotpSecret) {
    let (store, permit) = (&user.db.store, user.permit::<ChangeMyProofs>().await);
    // Factors of one moment have no order among themselves.
    user.db.clock.advance(Span::seconds(1));
    let (factor, secret) = factors::totp_begin(store, &permit, Some(name)).await.unwrap();
    let code = secret.code_at(store.now().unix_seconds());
    factors::totp_verify(store, &permit, factor.id, &code).await.unwrap();
    (factor.id, secret)
}

async fn remove(user: &Actor, id: FactorId) -> Result<(), Error> {
    factors::remove(&user.db.store, &user.permit::<ChangeMyProofs>().await, id).await.map(|_| ())
}

both_databases! {
    async fn person_signs_in_with_any_of_their_authenticators(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let (_, phone) = add(&user, "Phone").await;
        let (_, tablet) = add(&user, "Tablet").await;
        db.clock.advance(Span::minutes(1));
        for secret in [&tablet, &phone] {
            let Ok(Step::SecondFactor(waiting)) = try_sign_in(&db, HOME, &user.user.email, bailiwick_testkit::PASSWORD).await else { panic!() };
            let code = secret.code_at(db.store.now().unix_seconds());
            sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code).await.unwrap();
        }
        verified(&db).await;
    }

    async fn person_has_five_authenticators_at_most_each_with_a_name(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        for name in ["A", "B", "C", "", " "] {
            add(&user, name).await;
        }
        let permit = user.permit::<ChangeMyProofs>().await;
        let sixth = factors::totp_begin(&db.store, &permit, Some("F")).await;
        assert!(matches!(sixth, Err(Error::Conflict(_))), "{sixth:?}");
        let mut view = db.store.read(&user.permit::<Me>().await).await.unwrap();
        let names: Vec<_> = accounts::factors(&mut view, user.id()).await.unwrap().into_iter().map(|factor| factor.name).collect();
        drop(view);
        assert_eq!(names, ["A", "B", "C", "Authenticator app", "Authenticator app 2"]);
        let other = acme.user(Role::Auditor).await;
        add(&other, "A").await;
        let permit = other.permit::<ChangeMyProofs>().await;
        for wrong in ["A", "x\u{202e}y", &"n".repeat(101)] {
            let refused = factors::totp_begin(&db.store, &permit, Some(wrong)).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{wrong}: {refused:?}");
        }
    }

    async fn removing_ends_other_sessions_erases_the_secret_and_tells_the_person(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let (phone, secret) = add(&user, "Phone").await;
        let (tablet, other) = add(&user, "Tablet").await;
        db.clock.advance(Span::minutes(1));
        let Ok(Step::SecondFactor(waiting)) = try_sign_in(&db, ELSEWHERE, &user.user.email, bailiwick_testkit::PASSWORD).await else { panic!() };
        let code = other.code_at(db.store.now().unix_seconds());
        let elsewhere = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code).await.unwrap();
        let sealed = async || {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            posture::counts(&mut view).await.unwrap().sealed_objects
        };
        let before = sealed().await;
        remove(&user, phone).await.unwrap();
        assert!(matches!(opens(&db, &elsewhere).await, Err(Refusal::SignIn)));
        assert!(user.try_permit::<Me>().await.is_ok(), "the session in which it was removed goes on");
        assert_eq!(sealed().await, before - 1, "nothing of the secret is kept");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(accounts::factor_secret(&mut view, phone).await.is_err());
        assert!(accounts::factor_secret(&mut view, tablet).await.is_ok());
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        drop(view);
        assert!(raised.iter().any(|event| event.kind == "mfa.disabled" && event.severity == Severity::Warning));
        let mailbox = Mailbox::default();
        room_of(&db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
        let said: Vec<_> = mailbox.messages().iter().map(|kept| kept.message.content.text.to_string()).collect();
        assert_eq!(said.iter().filter(|text| text.contains("was added to your account")).count(), 2);
        assert_eq!(said.iter().filter(|text| text.contains("“Phone” was removed from your account")).count(), 1);
        let Ok(Step::SecondFactor(waiting)) = try_sign_in(&db, HOME, &user.user.email, bailiwick_testkit::PASSWORD).await else { panic!() };
        let code = secret.code_at(db.store.now().unix_seconds());
        let stale = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code).await;
        assert!(matches!(stale, Err(Error::Invalid(_))), "{stale:?}");
        assert!(matches!(remove(&user, phone).await, Err(Error::NotFound)));
        verified(&db).await;
    }

    async fn the_last_factor_stays_while_the_policy_asks_for_one_and_takes_the_codes_along(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let (only, _) = add(&user, "Phone").await;
        factors::make_recovery_codes(&db.store, &user.permit::<ChangeMyProofs>().await).await.unwrap();
        let kept = remove(&user, only).await;
        assert!(matches!(kept, Err(Error::Conflict(_))), "{kept:?}");
        ask_nothing(&acme).await;
        remove(&user, only).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(recovery_codes::of(&mut view, user.id()).await.unwrap().is_none());
        drop(view);
        assert!(matches!(try_sign_in(&db, HOME, &user.user.email, bailiwick_testkit::PASSWORD).await, Ok(Step::Done(_))));
        assert_eq!(times(&db, &acme, "recovery_codes.removed").await, 1);
        verified(&db).await;
    }

    async fn two_factors_removed_at_once_leave_one(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let (one, _) = add(&user, "Phone").await;
        let (two, _) = add(&user, "Tablet").await;
        let (first, second) = (user.permit::<ChangeMyProofs>().await, user.permit::<ChangeMyProofs>().await);
        let (first, second) = tokio::join!(factors::remove(&db.store, &first, one), factors::remove(&db.store, &second, two));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let left = accounts::factors(&mut view, user.id()).await.unwrap();
        assert_eq!(left.iter().filter(|factor| factor.state == FactorState::Verified).count(), 1);
    }

    async fn somebody_elses_factor_and_single_sign_on_are_not_removed(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let (phone, _) = add(&user, "Phone").await;
        assert!(matches!(remove(&other, phone).await, Err(Error::NotFound)));
        let sso = factors::sso_asserted(&db.store, &acme.job(), user.id()).await.unwrap();
        assert!(matches!(remove(&user, sso.id).await, Err(Error::Conflict(_))));
        // The provider's word meets the floor, so the app may go.
        remove(&user, phone).await.unwrap();
    }
}
