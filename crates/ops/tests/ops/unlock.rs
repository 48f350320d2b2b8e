//! The end of limits: by time and by somebody who may, both recorded.

use bailiwick_domain::{
    entity::Severity,
    role::Role,
    rule::{ChangeMyProofs, ProveAgain, UnlockUser},
    sign_in::SignInLimits,
    time::Span,
};
use bailiwick_ops::{
    Error, factors,
    sign_in::{self, LockEnds, Step, Waits},
};
use bailiwick_store::{Permit, Refusal, Store, security_events};
use bailiwick_testkit::{Actor, Db, PASSWORD, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::support::{ELSEWHERE, HOME, log, records, times, try_sign_in, verified};

const WRONG: &str = "quite another password";

async fn use_up(db: &Db, ip: &str, email: &str) {
    for _ in 0..6 {
        assert!(try_sign_in(db, ip, email, WRONG).await.is_err());
    }
}

/// Gives somebody an authenticator app.
async fn authenticator(actor: &Actor) -> TotpSecret {
    let (store, permit) = (&actor.db.store, actor.permit::<ChangeMyProofs>().await);
    let (factor, secret) = factors::totp_begin(store, &permit, None).await.unwrap();
    let code = secret.code_at(store.now().unix_seconds()).to_string();
    factors::totp_verify(store, &permit, factor.id, &code).await.unwrap();
    secret
}

/// Proves again who somebody is, with the right password and this code.
async fn again(actor: &Actor, code: &str) -> Result<SessionToken, Error> {
    let permit: Permit<ProveAgain> = actor.permit().await;
    sign_in::again(&actor.db.store, &actor.db.hasher, &permit, PASSWORD.to_owned(), code).await
}

async fn waits(db: &Db, actor: &Actor) -> Vec<Waits> {
    let mut view = db.store.read(&db.job(actor.tenant)).await.unwrap();
    sign_in::waits(&mut view, actor.id()).await.unwrap()
}

both_databases! {
    async fn first_sign_in_after_a_limit_is_recorded_as_its_end(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        use_up(&db, ELSEWHERE, &planner.user.email).await;
        assert!(try_sign_in(&db, HOME, &planner.user.email, PASSWORD).await.is_ok());
        assert_eq!(times(&db, &acme, "login.lock_over").await, 0, "nobody had to wait there");
        db.clock.advance(Span::minutes(16));
        for _ in 0..2 {
            assert!(try_sign_in(&db, ELSEWHERE, &planner.user.email, PASSWORD).await.is_ok());
            db.clock.advance(Span::seconds(1));
        }
        assert_eq!(times(&db, &acme, "login.lock_over").await, 1, "once for each limit");
        assert!(log(&db, &acme).await.contains(&("login.lock_over".into(), "ok".into())));
        verified(&db).await;
    }

    async fn unlocking_lets_every_source_try_again_and_keeps_what_was_tried(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        assert_eq!(waits(&db, &planner).await, []);
        db.clock.advance(Span::seconds(1));
        let began = db.store.now();
        for ip in [HOME, ELSEWHERE] {
            use_up(&db, ip, &planner.user.email).await;
        }
        db.clock.advance(Span::minutes(1));
        let expected = Waits { factor: "password", sources: Some(2), until: began + Span::minutes(15) };
        assert_eq!(waits(&db, &planner).await, [expected]);
        let permit = acme.user(Role::OperationsManager).await.permit::<UnlockUser>().await;
        sign_in::unlock(&db.store, &permit, planner.id()).await.unwrap();
        assert_eq!(waits(&db, &planner).await, []);
        assert!(matches!(sign_in::unlock(&db.store, &permit, planner.id()).await, Err(Error::Conflict(_))));
        db.clock.advance(Span::seconds(1));
        for ip in [HOME, ELSEWHERE] {
            assert!(matches!(try_sign_in(&db, ip, &planner.user.email, PASSWORD).await, Ok(Step::Done(_))));
        }
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 10, "what was tried stays");
        assert_eq!((times(&db, &acme, "login.unlocked").await, times(&db, &acme, "login.lock_over").await), (1, 2));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        let unlocked: Vec<_> = raised.iter().filter(|event| event.kind == "login.unlocked").collect();
        assert_eq!((unlocked.len(), unlocked[0].severity, unlocked[0].detail.as_str()), (1, Severity::Info, "Plan Manager account unlocked"));
        drop(view);
        verified(&db).await;
    }

    async fn end_of_an_account_s_lock_is_recorded_once_when_its_time_has_passed(db: Db) {
        db.store.limit_sign_in(SignInLimits { account_passwords: 10, ..SignInLimits::default() });
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        use_up(&db, HOME, &planner.user.email).await;
        db.clock.advance(Span::minutes(20));
        use_up(&db, ELSEWHERE, &planner.user.email).await;
        let round = async |store: &Store| LockEnds::new(store.clone(), db.jobs()).round().await.unwrap();
        assert_eq!(round(&db.store).await, 0);
        // The first five count for an hour, and then fewer than ten are left.
        db.clock.advance(Span::minutes(40));
        assert_eq!(round(&db.store).await, 0, "they count up to the very end");
        assert!(try_sign_in(&db, "192.0.2.7", &planner.user.email, PASSWORD).await.is_err());
        db.clock.advance(Span::seconds(1));
        assert!(try_sign_in(&db, "192.0.2.7", &planner.user.email, PASSWORD).await.is_ok(), "whether or not it is recorded");
        // After a restart, and by two servers at once where there are several.
        let other = db.another_if_several().await;
        other.limit_sign_in(db.store.sign_in_limits());
        let (one, two) = tokio::join!(round(&db.store), round(&other));
        assert_eq!((one + two, round(&db.store).await), (1, 0));
        assert_eq!(times(&db, &acme, "login.unlocked_by_time").await, 1);
        let recorded = records(&db, acme.id()).await;
        let over = recorded.iter().find(|row| row.action == "login.unlocked_by_time").unwrap();
        assert_eq!((over.outcome.as_str(), over.actor_kind.as_str(), over.entity_type.as_str()), ("ok", "system", "sign_in_attempt"));
        assert!(!recorded.iter().any(|row| row.action == "request.refused" && row.actor_kind == "system"));
        verified(&db).await;
    }

    async fn lock_that_somebody_lifted_or_that_began_anew_is_told_as_it_was(db: Db) {
        db.store.limit_sign_in(SignInLimits { account_passwords: 5, ..SignInLimits::default() });
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        db.clock.advance(Span::seconds(1));
        use_up(&db, HOME, &planner.user.email).await;
        db.clock.advance(Span::seconds(1));
        let permit = acme.owner().permit::<UnlockUser>().await;
        sign_in::unlock(&db.store, &permit, planner.id()).await.unwrap();
        db.clock.advance(Span::minutes(61));
        assert_eq!(LockEnds::new(db.store.clone(), db.jobs()).round().await.unwrap(), 0, "its end is on record");
        // The end of the second was not looked for before the third began.
        for ip in ["192.0.2.1", "192.0.2.2"] {
            use_up(&db, ip, &planner.user.email).await;
            db.clock.advance(Span::minutes(61));
        }
        assert_eq!(LockEnds::new(db.store.clone(), db.jobs()).round().await.unwrap(), 1);
        let all = records(&db, acme.id()).await;
        let mut told: Vec<_> = all.iter().map(|row| row.action.as_str()).filter(|action| action.starts_with("login.")).collect();
        let (locked, over) = ("login.locked", "login.unlocked_by_time");
        // The end of the second and the beginning of the third are one change, whose records have no order.
        told[3..5].sort_unstable();
        assert_eq!(told, [locked, "login.unlocked", locked, locked, over, over]);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        assert_eq!(raised.iter().filter(|event| event.kind == locked && event.severity == Severity::High).count(), 3);
        drop(view);
        verified(&db).await;
    }

    async fn a_limit_that_has_passed_is_no_limit(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        use_up(&db, ELSEWHERE, &planner.user.email).await;
        db.clock.advance(Span::seconds(901));
        assert_eq!(waits(&db, &planner).await, []);
        let permit = acme.owner().permit::<UnlockUser>().await;
        assert!(matches!(sign_in::unlock(&db.store, &permit, planner.id()).await, Err(Error::Conflict(_))));
    }

    async fn wrong_codes_of_a_reauthentication_count_as_at_the_sign_in_and_end_the_session(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        authenticator(&planner).await;
        db.clock.advance(Span::minutes(2));
        for _ in 0..4 {
            assert!(matches!(again(&planner, "000000").await, Err(Error::Invalid(_))));
        }
        assert!(matches!(again(&planner, "000000").await, Err(Error::Conflict(_))));
        assert!(matches!(planner.try_permit::<ProveAgain>().await, Err(Refusal::SignIn)), "the right one comes too late");
        assert_eq!(waits(&db, &planner).await.iter().map(|one| one.factor).collect::<Vec<_>>(), ["totp"]);
        assert_eq!((times(&db, &acme, "sign_in.refused").await, times(&db, &acme, "session.ended").await), (5, 1));
        verified(&db).await;
    }

    async fn four_wrong_codes_of_a_reauthentication_leave_the_session_and_the_right_one_renews_it(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let secret = authenticator(&planner).await;
        db.clock.advance(Span::minutes(11));
        for _ in 0..4 {
            assert!(matches!(again(&planner, "000000").await, Err(Error::Invalid(_))));
        }
        assert!(matches!(planner.try_permit::<ChangeMyProofs>().await, Err(Refusal::Reauthenticate)));
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        again(&planner, &code).await.unwrap();
        assert!(matches!(planner.try_permit::<ChangeMyProofs>().await, Err(Refusal::SignIn)), "the session before it is dead");
        verified(&db).await;
    }

    async fn wrong_passwords_of_a_reauthentication_end_the_session_from_wherever_they_come(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        for (n, ip) in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"].into_iter().enumerate() {
            let elsewhere = Actor { ip: ip.parse().unwrap(), ..planner.clone() };
            let permit = elsewhere.permit::<ProveAgain>().await;
            let refused = sign_in::again(&db.store, &db.hasher, &permit, "not the password".to_owned(), "").await;
            let ended = matches!(refused, Err(Error::Conflict(_)));
            assert!(ended == (n == 4) && (ended || matches!(refused, Err(Error::Invalid(_)))), "guess {n}");
        }
        assert!(matches!(planner.try_permit::<ProveAgain>().await, Err(Refusal::SignIn)));
        assert_eq!((times(&db, &acme, "password.refused").await, times(&db, &acme, "session.ended").await), (5, 1));
        verified(&db).await;
    }
}
