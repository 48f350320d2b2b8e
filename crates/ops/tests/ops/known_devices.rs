//! Devices that people are known by, waits that grow, and limits of an account that keep nobody out of theirs.

use bailiwick_domain::{
    entity::Severity,
    ids::UserId,
    role::Role,
    rule::{ChangeMyProofs, EndMySessions, RevokeSession, SignIn, UnlockUser},
    sign_in::SignInLimits,
    time::Span,
};
use bailiwick_ops::{
    Error, factors, passwords, sessions,
    sign_in::{self, Step, Waits},
};
use bailiwick_store::{
    attempts::{self, TurnedAway},
    devices, security_events,
};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};

use crate::support::{ELSEWHERE, HOME, Known, times, try_sign_in, verified};

const WRONG: &str = "quite another password";

/// Few wrong passwords are taken at an account.
fn tight(db: &Db) {
    db.store.limit_sign_in(SignInLimits { account_passwords: 10, ..SignInLimits::default() });
}

/// Wrong guesses at an account from so many sources, five from each.
async fn flood(db: &Db, email: &str, sources: u8) {
    for source in 0..sources {
        for _ in 0..5 {
            assert!(try_sign_in(db, &format!("192.0.2.{source}"), email, WRONG).await.is_err());
        }
    }
}

async fn known(db: &Db, actor: &Actor) -> usize {
    let mut view = db.store.read(&db.job(actor.tenant)).await.unwrap();
    devices::of_user(&mut view, actor.id()).await.unwrap().len()
}

async fn waits(db: &Db, actor: &Actor) -> Vec<Waits> {
    let mut view = db.store.read(&db.job(actor.tenant)).await.unwrap();
    sign_in::waits(&mut view, actor.id()).await.unwrap()
}

async fn raised(db: &Db, tenant: &Tenant, severity: Severity) -> Vec<String> {
    let mut view = db.store.read(&tenant.job()).await.unwrap();
    let found = security_events::list(&mut view, None, 100).await.unwrap().items;
    found.into_iter().filter(|event| event.severity == severity).map(|event| event.detail).collect()
}

/// Once its counts are written, which is a moment after the answers.
async fn turned_away(db: &Db, tenant: &Tenant, user: UserId, expected: i64) -> i64 {
    let mut found = 0;
    for _ in 0..500 {
        let mut view = db.store.read(&tenant.job()).await.unwrap();
        let since = db.store.now() - Span::hours(24);
        found = attempts::turned_away_since(&mut view, user, since).await.unwrap().attempts;
        drop(view);
        if found == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    found
}

async fn victim_of_many_sources_signs_in_from_their_device(db: &Db, tenant: &Tenant) {
    let owner = tenant.owner();
    let email = owner.user.email.clone();
    let mut laptop = Known::default();
    laptop.signs_in(db, HOME, &email).await;
    db.clock.advance(Span::minutes(1));
    flood(db, &email, 3).await;
    assert_eq!(times(db, tenant, "sign_in.refused").await, 10, "no more are looked at");
    let stranger = Known::default().tries(db, ELSEWHERE, &email, PASSWORD).await;
    assert!(matches!(stranger, Err(Error::Invalid(_))), "not even with the right password");
    let told = raised(db, tenant, Severity::High).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("No password is taken from unknown devices"), "{told:?}");
    // At home, and with somebody guessing beside them.
    laptop.signs_in(db, HOME, &email).await;
    laptop.signs_in(db, "192.0.2.1", &email).await;
    assert!(waits(db, &owner).await.iter().any(|one| one.factor == "password" && one.sources.is_none()));
    db.clock.advance(Span::seconds(60 * 60 + 1));
    assert_eq!(waits(db, &owner).await.iter().filter(|one| one.sources.is_none()).count(), 0);
    assert!(try_sign_in(db, ELSEWHERE, &email, PASSWORD).await.is_ok(), "the window passes by itself");
    verified(db).await;
}

both_databases! {
    async fn owner_under_attack_signs_in_from_their_device(db: Db) {
        tight(&db);
        victim_of_many_sources_signs_in_from_their_device(&db, &db.tenant("acme").await).await;
    }

    async fn platform_owner_under_attack_signs_in_from_their_device(db: Db) {
        tight(&db);
        victim_of_many_sources_signs_in_from_their_device(&db, &db.platform().await).await;
    }

    async fn administrator_lifts_the_limit_of_an_account(db: Db) {
        tight(&db);
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        flood(&db, &planner.user.email, 2).await;
        assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, PASSWORD).await.is_err());
        let permit = acme.owner().permit::<UnlockUser>().await;
        sign_in::unlock(&db.store, &permit, planner.id()).await.unwrap();
        assert_eq!(waits(&db, &planner).await, []);
        db.clock.advance(Span::seconds(1));
        assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, PASSWORD).await.is_ok());
        assert_eq!(times(&db, &acme, "login.unlocked").await, 1);
        verified(&db).await;
    }

    async fn thief_of_a_device_cookie_gets_a_few_guesses_and_keeps_nobody_out(db: Db) {
        let acme = db.tenant("acme").await;
        let email = acme.owner().user.email;
        let mut laptop = Known::default();
        laptop.signs_in(&db, HOME, &email).await;
        db.clock.advance(Span::minutes(1));
        let thief = Known { cookie: laptop.cookie.clone() };
        for _ in 0..5 + 3 {
            assert!(thief.tries(&db, ELSEWHERE, &email, WRONG).await.is_err());
        }
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 5);
        assert!(thief.tries(&db, ELSEWHERE, &email, PASSWORD).await.is_err(), "they wait like any other");
        let told = raised(&db, &acme, Severity::Warning).await;
        assert!(told.iter().any(|text| text.contains("from a known device")), "{told:?}");
        // Elsewhere the cookie is worth as much as none, for both of them.
        laptop.signs_in(&db, HOME, &email).await;
        assert!(thief.tries(&db, ELSEWHERE, &email, PASSWORD).await.is_err(), "and the copy is worth nothing any more");
        verified(&db).await;
    }

    async fn device_speaks_for_its_own_person_and_organisation_alone(db: Db) {
        tight(&db);
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let planner = acme.user(Role::PlanManager).await;
        let mut laptop = Known::default();
        laptop.signs_in(&db, HOME, &planner.user.email).await;
        db.clock.advance(Span::minutes(1));
        for victim in [acme.owner(), globex.owner()] {
            flood(&db, &victim.user.email, 2).await;
            assert!(laptop.tries(&db, HOME, &victim.user.email, PASSWORD).await.is_err());
        }
        assert!(laptop.tries(&db, HOME, &planner.user.email, PASSWORD).await.is_ok());
    }

    async fn browser_of_two_organisations_is_known_in_both(db: Db) {
        tight(&db);
        let (acme, globex) = (db.tenant("acme").await.owner(), db.tenant("globex").await.owner());
        let mut laptop = Known::default();
        for owner in [&acme, &globex, &acme] {
            laptop.signs_in(&db, HOME, &owner.user.email).await;
        }
        db.clock.advance(Span::minutes(1));
        for owner in [&acme, &globex] {
            flood(&db, &owner.user.email, 2).await;
            laptop.signs_in(&db, HOME, &owner.user.email).await;
            // Once without a cookie when the tenant was made, and once here however often.
            assert_eq!(known(&db, owner).await, 2);
        }
    }

    async fn only_so_many_devices_are_known_and_only_for_so_long(db: Db) {
        db.store.limit_sign_in(SignInLimits { devices: 3, ..SignInLimits::default() });
        let owner = db.tenant("acme").await.owner();
        let mut all = Vec::new();
        for _ in 0..4 {
            db.clock.advance(Span::minutes(1));
            let mut browser = Known::default();
            browser.signs_in(&db, HOME, &owner.user.email).await;
            all.push(browser);
        }
        assert_eq!(known(&db, &owner).await, 3, "the oldest give way");
        db.clock.advance(Span::days(179));
        all[3].signs_in(&db, HOME, &owner.user.email).await;
        db.clock.advance(Span::days(2));
        assert_eq!(known(&db, &owner).await, 1, "the one that was used since");
    }

    async fn device_is_forgotten_with_the_password_and_with_its_session(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        assert_eq!(known(&db, &owner).await, 1);
        let (mut laptop, mut phone) = (Known::default(), Known::default());
        let session = laptop.signs_in(&db, HOME, &owner.user.email).await;
        let beside = phone.signs_in(&db, ELSEWHERE, &owner.user.email).await;
        assert_eq!(known(&db, &owner).await, 3);
        // The phone is lost: its session is ended from the laptop.
        let bailiwick_store::Actor::User { session: lost, .. } = *phone.permit::<EndMySessions>(&db, ELSEWHERE, Some(&beside)).await.actor() else { panic!() };
        let permit = laptop.permit::<EndMySessions>(&db, HOME, Some(&session)).await;
        sessions::end_mine(&db.store, &permit, lost).await.unwrap();
        assert_eq!(known(&db, &owner).await, 2);
        sessions::end_my_others(&db.store, &permit).await.unwrap();
        assert_eq!(known(&db, &owner).await, 1, "the one in use");
        phone.signs_in(&db, ELSEWHERE, &owner.user.email).await;
        let permit = laptop.permit::<ChangeMyProofs>(&db, HOME, Some(&session)).await;
        let new = passwords::NewPassword { current: PASSWORD.into(), new: "seven quiet lanterns".into() };
        let session = passwords::change(&db.store, &db.hasher, &permit, new).await.unwrap();
        laptop.keep(&session);
        assert_eq!(known(&db, &owner).await, 1, "again the one in use");
        let planner = acme.user(Role::PlanManager).await;
        assert_eq!(known(&db, &planner).await, 1);
        let permit = laptop.permit::<RevokeSession>(&db, HOME, Some(&session)).await;
        sessions::end_all(&db.store, &permit, planner.id()).await.unwrap();
        assert_eq!(known(&db, &planner).await, 0);
        verified(&db).await;
    }

    async fn codes_of_a_known_device_are_taken_while_a_thief_of_the_password_guesses(db: Db) {
        db.store.limit_sign_in(SignInLimits { account_codes: 10, ..SignInLimits::default() });
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let email = owner.user.email.clone();
        let permit = owner.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
        let code = || secret.code_at(db.store.now().unix_seconds()).to_string();
        factors::totp_verify(&db.store, &permit, factor.id, &code()).await.unwrap();
        db.clock.advance(Span::minutes(1));
        let mut laptop = Known::default();
        let Step::SecondFactor(waiting) = laptop.tries(&db, HOME, &email, PASSWORD).await.unwrap() else { panic!() };
        let permit = laptop.permit::<SignIn>(&db, HOME, Some(&waiting)).await;
        laptop.keep(&sign_in::code(&db.store, &permit, &code()).await.unwrap());
        db.clock.advance(Span::minutes(1));
        for thief in ["192.0.2.1", "192.0.2.2"] {
            let Step::SecondFactor(waiting) = try_sign_in(&db, thief, &email, PASSWORD).await.unwrap() else { panic!() };
            for _ in 0..5 {
                let permit = Known::default().permit::<SignIn>(&db, thief, Some(&waiting)).await;
                assert!(sign_in::code(&db.store, &permit, "000000").await.is_err());
            }
        }
        let Step::SecondFactor(waiting) = try_sign_in(&db, ELSEWHERE, &email, PASSWORD).await.unwrap() else { panic!() };
        let stranger = Known::default().permit::<SignIn>(&db, ELSEWHERE, Some(&waiting)).await;
        let outcome = sign_in::code(&db.store, &stranger, &code()).await;
        assert!(matches!(outcome, Err(Error::Limited { retry_after_seconds: 3600 })), "{outcome:?}");
        let Step::SecondFactor(waiting) = laptop.tries(&db, HOME, &email, PASSWORD).await.unwrap() else { panic!() };
        let permit = laptop.permit::<SignIn>(&db, HOME, Some(&waiting)).await;
        sign_in::code(&db.store, &permit, &code()).await.unwrap();
        verified(&db).await;
    }

    async fn operator_says_how_many_guesses_are_let_through_and_how_long_the_wait_is(db: Db) {
        let limits = SignInLimits { free_guesses: 3, first_wait: Span::minutes(1), ..SignInLimits::default() };
        db.store.limit_sign_in(limits);
        let acme = db.tenant("acme").await;
        let email = acme.owner().user.email;
        db.clock.advance(Span::seconds(1));
        for _ in 0..3 {
            let Err(Error::Invalid(told)) = try_sign_in(&db, ELSEWHERE, &email, WRONG).await else { panic!() };
            assert!(told[0].text.contains("After three wrong tries, wait a minute"), "{told:?}");
        }
        assert!(try_sign_in(&db, ELSEWHERE, &email, PASSWORD).await.is_err());
        db.clock.advance(Span::minutes(1));
        assert!(try_sign_in(&db, ELSEWHERE, &email, PASSWORD).await.is_ok());
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 3);
        assert_eq!(times(&db, &acme, "login.lock_over").await, 1);
    }

    async fn each_wait_of_a_source_is_longer_than_the_one_before(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        for minutes in [15, 30, 60, 120, 240, 240] {
            for _ in 0..5 + 2 {
                assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, WRONG).await.is_err());
            }
            let until = db.store.now() + Span::minutes(minutes);
            assert_eq!(waits(&db, &planner).await, [Waits { factor: "password", sources: Some(1), until }]);
            db.clock.advance(Span::minutes(minutes) );
        }
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 30);
        assert_eq!(times(&db, &acme, "login.locked").await, 6);
        assert_eq!(turned_away(&db, &acme, planner.id(), 12).await, 12);
        assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, PASSWORD).await.is_ok());
        db.clock.advance(Span::seconds(1));
        for _ in 0..5 {
            assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, WRONG).await.is_err());
        }
        let until = db.store.now() + Span::minutes(15);
        assert_eq!(waits(&db, &planner).await[0].until, until, "a right guess wipes the slate clean");
        verified(&db).await;
    }

    async fn what_was_guessed_a_day_ago_makes_no_wait_longer(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        for _ in 0..2 {
            db.clock.advance(Span::hours(25));
            for _ in 0..6 {
                assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, WRONG).await.is_err());
            }
            let until = db.store.now() + Span::minutes(15);
            assert_eq!(waits(&db, &planner).await, [Waits { factor: "password", sources: Some(1), until }]);
        }
    }

    async fn a_few_sources_of_what_is_turned_away_are_told_apart_and_the_others_summed(db: Db) {
        tight(&db);
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        flood(&db, &planner.user.email, 2).await;
        for source in 100..125 {
            for _ in 0..2 {
                assert!(try_sign_in(&db, &format!("192.0.2.{source}"), &planner.user.email, WRONG).await.is_err());
            }
        }
        assert_eq!(turned_away(&db, &acme, planner.id(), 50).await, 50);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let since = db.store.now() - Span::hours(24);
        let found = attempts::turned_away_since(&mut view, planner.id(), since).await.unwrap();
        assert_eq!(found, TurnedAway { attempts: 50, sources: 20, from_one: 2, from_others: 10 });
    }

    async fn attempts_that_are_turned_away_are_counted_and_leave_no_rows(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        for _ in 0..5 + 40 {
            assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, WRONG).await.is_err());
        }
        assert_eq!(turned_away(&db, &acme, planner.id(), 40).await, 40);
        assert_eq!((times(&db, &acme, "sign_in.refused").await, times(&db, &acme, "login.locked").await), (5, 1));
        assert!(matches!(try_sign_in(&db, HOME, &planner.user.email, PASSWORD).await, Ok(Step::Done(_))));
        verified(&db).await;
    }
}
