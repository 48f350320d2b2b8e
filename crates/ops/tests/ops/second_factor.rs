//! One-time codes.

use bailiwick_domain::{
    entity::{FactorState, Severity},
    role::Role,
    rule::{ChangeMyProofs, Me, ReadUsers, SignIn},
    time::Span,
};
use bailiwick_ops::{
    Error, enrolment, factors,
    sign_in::{self, Step},
};
use bailiwick_store::{Refusal, audit, security_events, users};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::support::{
    ELSEWHERE, HOME, log, opens, records, times, try_sign_in, verified, with_cookie, with_cookie_at,
};

/// A user with an authenticator.
async fn enrolled(db: &Db, acme: &Tenant) -> (Actor, TotpSecret) {
    let user = acme.user(Role::Auditor).await;
    let (factor, secret) =
        factors::totp_begin(&db.store, &user.permit::<ChangeMyProofs>().await, None).await.unwrap();
    let factor = factors::totp_verify(
        &db.store,
        &user.permit::<ChangeMyProofs>().await,
        factor.id,
        &code(db, &secret),
    )
    .await
    .unwrap();
    assert_eq!(factor.state, FactorState::Verified);
    db.clock.advance(Span::minutes(1));
    (user, secret)
}

fn code(db: &Db, secret: &TotpSecret) -> String {
    secret.code_at(db.store.now().unix_seconds()).to_string()
}

async fn password_step(db: &Db, user: &Actor) -> SessionToken {
    match try_sign_in(db, HOME, &user.user.email, PASSWORD).await.unwrap() {
        Step::SecondFactor(token) => token,
        Step::Done(_) => panic!("signed in with the password alone"),
    }
}

both_databases! {
    async fn password_alone_opens_nothing_and_the_code_gives_a_new_session(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let waiting = password_step(&db, &user).await;
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SecondFactor)));
        let public = with_cookie(&db, &waiting).await;
        assert!(public.permissions().is_empty(), "half a sign-in shows nothing");
        let token = sign_in::code(&db.store, &public, &code(&db, &secret)).await.unwrap();
        assert_ne!(*token.expose(), *waiting.expose());
        assert!(opens(&db, &token).await.is_ok());
        // The cookie that waited for the code is dead: whoever set it on the browser has gained nothing.
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SignIn)));
        let again = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code(&db, &secret)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        verified(&db).await;
    }

    async fn code_is_good_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let used = code(&db, &secret);
        let first = password_step(&db, &user).await;
        sign_in::code(&db.store, &with_cookie(&db, &first).await, &used).await.unwrap();
        let second = password_step(&db, &user).await;
        let replay = sign_in::code(&db.store, &with_cookie(&db, &second).await, &used).await;
        assert!(matches!(replay, Err(Error::Invalid(_))), "{replay:?}");
        db.clock.advance(Span::seconds(30));
        sign_in::code(&db.store, &with_cookie(&db, &second).await, &code(&db, &secret)).await.unwrap();
    }

    async fn code_sent_twice_at_once_is_taken_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let (one, two) = (password_step(&db, &user).await, password_step(&db, &user).await);
        let (one, two) = (with_cookie(&db, &one).await, with_cookie(&db, &two).await);
        let text = code(&db, &secret);
        let (one, two) = tokio::join!(sign_in::code(&db.store, &one, &text), sign_in::code(&db.store, &two, &text));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        verified(&db).await;
    }

    async fn codes_are_guessed_five_times_and_no_more_even_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let waiting = password_step(&db, &user).await;
        let right = code(&db, &secret);
        let wrong: Vec<String> = (0..1_000_000).map(|n| format!("{n:06}")).filter(|guess| *guess != right).take(20).collect();
        let mut guesses = Vec::new();
        for guess in wrong {
            guesses.push((guess, with_cookie(&db, &waiting).await));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (guess, permit) in guesses {
            let db = db.clone();
            tasks.spawn(async move { sign_in::code(&db.store, &permit, &guess).await });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Invalid(_)))).count(), 4, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Conflict(_)))).count(), 1, "the fifth ends the session");
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Limited { .. }))).count(), 15);
        assert_eq!((times(&db, &acme, "sign_in.refused").await, times(&db, &acme, "login.locked").await), (5, 1));
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SignIn)));
        // The password opens another one, and the source still has to wait.
        let again = password_step(&db, &user).await;
        let outcome = sign_in::code(&db.store, &with_cookie(&db, &again).await, &right).await;
        assert!(matches!(outcome, Err(Error::Limited { retry_after_seconds: 900 })), "{outcome:?}");
        verified(&db).await;
    }

    async fn cookie_that_waits_for_a_code_dies_of_five_wrong_ones_wherever_they_come_from(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let waiting = password_step(&db, &user).await;
        let beside = password_step(&db, &user).await;
        for n in 1..=5 {
            let permit = with_cookie_at(&db, &waiting, &format!("198.51.100.{n}")).await;
            let outcome = sign_in::code(&db.store, &permit, "000000").await;
            assert_eq!(matches!(outcome, Err(Error::Conflict(_))), n == 5, "{n}: {outcome:?}");
        }
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SignIn)));
        sign_in::code(&db.store, &with_cookie(&db, &beside).await, &code(&db, &secret)).await.unwrap();
        verified(&db).await;
    }

    async fn guesser_at_any_number_of_addresses_gets_fifty_codes_an_hour(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let source = |n: u32| format!("198.51.100.{n}");
        for n in 0..10 {
            let Step::SecondFactor(waiting) = try_sign_in(&db, &source(n), &user.user.email, PASSWORD).await.unwrap() else { panic!() };
            for _ in 0..5 {
                assert!(sign_in::code(&db.store, &with_cookie_at(&db, &waiting, &source(n)).await, "000000").await.is_err());
            }
        }
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 50);
        let raised = async || {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let raised = security_events::list(&mut view, None, 100).await.unwrap().items;
            raised.iter().filter(|event| event.kind == "login.locked" && event.severity == Severity::High).count()
        };
        assert_eq!(raised().await, 1);
        // The password is still taken; no code is, not even the right one, from an address that has never guessed.
        let waiting = password_step(&db, &user).await;
        let before = log(&db, &acme).await.len();
        for _ in 0..20 {
            let outcome = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code(&db, &secret)).await;
            assert!(matches!(outcome, Err(Error::Limited { retry_after_seconds: 3600 })), "{outcome:?}");
        }
        assert_eq!(log(&db, &acme).await.len(), before, "and none of it floods the log");
        db.clock.advance(Span::seconds(60 * 60 + 1));
        let waiting = password_step(&db, &user).await;
        sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code(&db, &secret)).await.unwrap();
        assert_eq!(raised().await, 1);
        verified(&db).await;
    }

    async fn password_given_again_ends_the_wait_before_in_the_same_browser(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let first = password_step(&db, &user).await;
        let elsewhere = password_step(&db, &user).await;
        let permit = with_cookie(&db, &first).await;
        let step = sign_in::password(&db.store, &db.hasher, &permit, &user.user.email, PASSWORD.into()).await.unwrap();
        let Step::SecondFactor(second) = step else { panic!() };
        assert!(matches!(opens(&db, &first).await, Err(Refusal::SignIn)));
        assert!(matches!(opens(&db, &elsewhere).await, Err(Refusal::SecondFactor)), "another browser still waits");
        sign_in::code(&db.store, &with_cookie(&db, &second).await, &code(&db, &secret)).await.unwrap();
        verified(&db).await;
    }

    async fn link_does_not_stand_for_the_authenticator(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let link = enrolment::begin(&db.store, &acme.job(), user.id()).await.unwrap();
        let permit = db.nobody::<SignIn>(HOME).await;
        let step = enrolment::complete(&db.store, &db.hasher, &permit, &link, "a password of my own".into()).await.unwrap();
        let Step::SecondFactor(waiting) = step else { panic!("a link in somebody else's hands would be enough") };
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SecondFactor)));
        let token = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code(&db, &secret)).await.unwrap();
        assert!(opens(&db, &token).await.is_ok());
        let recorded = records(&db, acme.id()).await;
        for action in ["enrolment.used", "password.set"] {
            let row = recorded.iter().rfind(|row| row.action == action).unwrap();
            assert_eq!((row.actor_kind.as_str(), row.actor_id), ("user", Some(user.id().uuid())), "{action}");
        }
        verified(&db).await;
    }

    async fn wrong_codes_do_not_use_up_guesses_of_the_password(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, _) = enrolled(&db, &acme).await;
        let waiting = password_step(&db, &user).await;
        for _ in 0..6 {
            assert!(sign_in::code(&db.store, &with_cookie(&db, &waiting).await, "000000").await.is_err());
        }
        password_step(&db, &user).await;
    }

    async fn half_a_sign_in_waits_ten_minutes(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret) = enrolled(&db, &acme).await;
        let waiting = password_step(&db, &user).await;
        db.clock.advance(Span::minutes(10));
        let outcome = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code(&db, &secret)).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    }

    async fn authenticator_counts_once_it_is_proven(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let state = async || {
            let mut view = db.store.read(&user.permit::<ReadUsers>().await).await.unwrap();
            users::find_listed(&mut view, user.id()).await.unwrap().mfa.name()
        };
        assert_eq!(state().await, "missing");
        let (first, _) = factors::totp_begin(&db.store, &user.permit::<ChangeMyProofs>().await, None).await.unwrap();
        assert_eq!(state().await, "missing");
        assert!(matches!(try_sign_in(&db, HOME, &user.user.email, PASSWORD).await, Ok(Step::Done(_))), "an unproven one locks nobody out");
        // Begun again: the first secret is worth nothing any more.
        let (second, secret) = factors::totp_begin(&db.store, &user.permit::<ChangeMyProofs>().await, None).await.unwrap();
        let stale = factors::totp_verify(&db.store, &user.permit::<ChangeMyProofs>().await, first.id, &code(&db, &secret)).await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
        let wrong = factors::totp_verify(&db.store, &user.permit::<ChangeMyProofs>().await, second.id, "000000").await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
        factors::totp_verify(&db.store, &user.permit::<ChangeMyProofs>().await, second.id, &code(&db, &secret)).await.unwrap();
        assert_eq!(state().await, "required");
        assert_eq!(times(&db, &acme, "factor.abandoned").await, 1);
        assert!(log(&db, &acme).await.contains(&("mfa.enabled".into(), "ok".into())));
        verified(&db).await;
    }

    async fn person_who_adds_a_second_factor_stays_and_whoever_has_the_password_alone_leaves(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let Step::Done(elsewhere) = try_sign_in(&db, ELSEWHERE, &user.user.email, PASSWORD).await.unwrap() else { panic!() };
        let (factor, secret) = factors::totp_begin(&db.store, &user.permit::<ChangeMyProofs>().await, None).await.unwrap();
        let wrong = factors::totp_verify(&db.store, &user.permit::<ChangeMyProofs>().await, factor.id, "000000").await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
        assert!(opens(&db, &elsewhere).await.is_ok(), "a wrong code ends nothing");
        factors::totp_verify(&db.store, &user.permit::<ChangeMyProofs>().await, factor.id, &code(&db, &secret)).await.unwrap();
        assert!(matches!(opens(&db, &elsewhere).await, Err(Refusal::SignIn)));
        assert!(user.try_permit::<Me>().await.is_ok(), "the session in which it was proven goes on");
        assert!(other.try_permit::<Me>().await.is_ok(), "and so do those of others");
        assert_eq!(times(&db, &acme, "session.ended").await, 1);
        let recorded = records(&db, acme.id()).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let ended = recorded.iter().find(|row| row.action == "session.ended").unwrap();
        assert_eq!((ended.actor_kind.as_str(), ended.actor_id), ("user", Some(user.id().uuid())));
        let bytes = audit::event_page(&mut view, ended.event).await.unwrap().bytes;
        assert!(bytes.contains("a second factor was added"), "{bytes}");
        drop(view);
        verified(&db).await;
    }

    async fn somebody_elses_authenticator_is_not_found(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, other) = (acme.user(Role::Auditor).await, acme.user(Role::Auditor).await);
        let (factor, secret) = factors::totp_begin(&db.store, &user.permit::<ChangeMyProofs>().await, None).await.unwrap();
        let outcome = factors::totp_verify(&db.store, &other.permit::<ChangeMyProofs>().await, factor.id, &code(&db, &secret)).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }

    async fn code_without_a_password_is_refused(db: Db) {
        let acme = db.tenant("acme").await;
        let outcome = sign_in::code(&db.store, &db.nobody::<SignIn>(HOME).await, "123456").await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let outcome = sign_in::code(&db.store, &acme.owner().permit::<SignIn>().await, "123456").await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert!(acme.owner().try_permit::<Me>().await.is_ok());
    }
}
