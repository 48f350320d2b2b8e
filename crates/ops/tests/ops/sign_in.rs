//! Signing in with a password.

use bailiwick_domain::{
    entity::TenantKind,
    role::Role,
    rule::{ByJob, Me, SignIn},
    time::Span,
};
use bailiwick_ops::{
    Error, enrolment,
    sign_in::{self, Step},
    users::{self, NewUser},
};
use bailiwick_store::{Actor as Who, Permit, Refusal};
use bailiwick_testkit::{PASSWORD, both_databases};

use crate::support::{ELSEWHERE, HOME, log, opens, try_sign_in, verified, with_cookie};

const WRONG: &str = "quite another password";

/// What somebody is told who could not sign in.
fn told(outcome: Result<Step, Error>) -> String {
    match outcome.unwrap_err() {
        Error::Invalid(fields) => format!("{fields:?}"),
        other => other.to_string(),
    }
}

both_databases! {
    async fn wrong_password_and_unknown_address_are_told_the_same(db: Db) {
        let acme = db.tenant("acme").await;
        let nobody_yet = acme.add(Role::Auditor).await;
        let wrong = told(try_sign_in(&db, HOME, "owner@acme.example", WRONG).await);
        let unknown = told(try_sign_in(&db, HOME, "nobody@acme.example", WRONG).await);
        let without_password = told(try_sign_in(&db, HOME, &nobody_yet.email, WRONG).await);
        let empty = told(try_sign_in(&db, HOME, "", "").await);
        assert_eq!(wrong, unknown);
        assert_eq!(wrong, without_password);
        assert_eq!(wrong, empty);
        assert!(log(&db, &acme).await.contains(&("sign_in.refused".into(), "ok".into())));
    }

    async fn address_is_found_however_it_is_written(db: Db) {
        db.tenant("acme").await;
        let Step::Done(token) = try_sign_in(&db, HOME, "  Owner@ACME.example ", PASSWORD).await.unwrap() else { panic!() };
        assert!(opens(&db, &token).await.is_ok());
        verified(&db).await;
    }

    async fn guesser_is_stopped_and_the_victim_signs_in_from_elsewhere(db: Db) {
        let acme = db.tenant("acme").await;
        for _ in 0..5 {
            assert!(matches!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", WRONG).await, Err(Error::Invalid(_))));
        }
        // Even with the right password: the guesser must not learn that it is.
        let limited = told(try_sign_in(&db, ELSEWHERE, "owner@acme.example", PASSWORD).await);
        assert_eq!(limited, told(try_sign_in(&db, ELSEWHERE, "nobody@acme.example", PASSWORD).await), "nor that there is an account");
        let Step::Done(token) = try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.unwrap() else { panic!() };
        assert!(opens(&db, &token).await.is_ok());
        assert!(log(&db, &acme).await.contains(&("sign_in.limited".into(), "ok".into())));
        db.clock.advance(Span::minutes(16));
        assert!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", PASSWORD).await.is_ok(), "the window passes by itself");
        verified(&db).await;
    }

    async fn right_password_wipes_the_slate_clean(db: Db) {
        db.tenant("acme").await;
        for _ in 0..3 {
            for _ in 0..4 {
                assert!(matches!(try_sign_in(&db, HOME, "owner@acme.example", WRONG).await, Err(Error::Invalid(_))));
                db.clock.advance(Span::seconds(1));
            }
            assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_ok());
            db.clock.advance(Span::seconds(1));
        }
    }

    async fn guesses_made_all_at_once_are_limited_too(db: Db) {
        let acme = db.tenant("acme").await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..40 {
            let db = db.clone();
            tasks.spawn(async move { try_sign_in(&db, ELSEWHERE, "owner@acme.example", &format!("{WRONG} {n}")).await });
        }
        assert!(tasks.join_all().await.iter().all(|outcome| matches!(outcome, Err(Error::Invalid(_)))));
        let recorded = log(&db, &acme).await;
        let count = |action: &str| recorded.iter().filter(|(name, _)| name == action).count();
        // All forty may pass the first look at the count; none goes unrecorded.
        assert!(count("sign_in.refused") >= 5);
        assert_eq!(count("sign_in.refused") + count("sign_in.limited"), 40);
        assert!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", PASSWORD).await.is_err());
        assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_ok());
        verified(&db).await;
    }

    async fn signing_in_again_ends_the_session_before(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let permit = owner.permit::<SignIn>().await;
        let Step::Done(token) = sign_in::password(&db.store, &db.hasher, &permit, "owner@acme.example", PASSWORD.into()).await.unwrap() else { panic!() };
        assert!(opens(&db, &token).await.is_ok());
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)));
        verified(&db).await;
    }

    async fn person_of_two_organisations_moves_from_one_to_the_other(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        // The same address in both, with another password in the second.
        let new = NewUser { email: "owner@acme.example".into(), name: "Olive elsewhere".into(), role: Role::Auditor };
        let other = users::create(&db.store, &globex.job::<ByJob>(), new).await.unwrap();
        enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, "a password for globex".into()).await.unwrap();
        let owner = acme.owner();
        let permit = owner.permit::<SignIn>().await;
        let step = sign_in::password(&db.store, &db.hasher, &permit, "owner@acme.example", "a password for globex".into()).await.unwrap();
        let Step::Done(token) = step else { panic!() };
        let me = opens(&db, &token).await.unwrap();
        assert_eq!((me.tenant(), me.caller().unwrap().user.id), (Some(globex.id()), other.id));
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)), "the session at acme is over");
        assert!(log(&db, &acme).await.contains(&("session.ended".into(), "ok".into())));
        // In globex' log it was nobody known who came in, not somebody of acme.
        let inside = permit.enter(globex.id());
        assert_eq!(inside.actor(), &Who::Anonymous);
        assert!(inside.permissions().is_empty() && inside.caller().is_none());
        verified(&db).await;
    }

    async fn cookie_of_nobody_is_no_error_on_a_public_page(db: Db) {
        db.tenant("acme").await;
        let token = bailiwick_vault::token::SessionToken::generate(&[9; 16], db.store.entropy());
        assert_eq!(with_cookie(&db, &token).await.actor(), &Who::Anonymous);
        assert!(matches!(opens(&db, &token).await, Err(Refusal::SignIn)));
    }

    async fn password_made_at_another_cost_is_hashed_anew(db: Db) {
        let acme = db.tenant("acme").await;
        let entropy = std::sync::Arc::new(bailiwick_vault::entropy::SeededEntropy::new(77));
        let cost = bailiwick_vault::password::PasswordCost::new(7 * 1024, 5, 1).unwrap();
        let today = bailiwick_vault::password::PasswordHasher::new(cost, std::num::NonZeroUsize::MIN, entropy);
        let permit: Permit<SignIn> = db.nobody(HOME).await;
        for rehashed in [1, 1] {
            let step = sign_in::password(&db.store, &today, &permit, "owner@acme.example", PASSWORD.into()).await.unwrap();
            assert!(matches!(step, Step::Done(_)));
            assert_eq!(log(&db, &acme).await.iter().filter(|(action, _)| action == "password.rehashed").count(), rehashed);
        }
        assert_eq!(acme.entity.kind, TenantKind::Customer);
    }
}
