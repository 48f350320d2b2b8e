//! Signing in with a password.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use bailiwick_domain::{
    clock::Entropy,
    entity::{Password as StoredHash, TenantKind},
    role::Role,
    rule::{DisableUser, Me, ReadAudit, SignIn},
    time::Span,
};
use bailiwick_ops::{
    Error, enrolment,
    sign_in::{self, Step},
    users::{self, NewUser},
};
use bailiwick_store::{Actor as Who, Event, Permit, Refusal, Scope, audit, security_events};
use bailiwick_testkit::{PASSWORD, both_databases};
use bailiwick_vault::password::{Password, PasswordCost, PasswordHasher};

use crate::support::{ELSEWHERE, HOME, log, opens, records, times, try_sign_in, verified, with_cookie};

/// Randomness whose first draw is a moment at which something else happens.
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Meanwhile {
    fn new(work: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Box::new(work)))))
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }
}

impl Entropy for Meanwhile {
    fn fill(&self, out: &mut [u8]) {
        let work = self.0.lock().unwrap().take();
        if let Some(work) = work {
            work();
        }
        out.fill(7);
    }
}

const WRONG: &str = "quite another password";
const NEW: &str = "seven quiet lanterns";

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
        assert!(log(&db, &acme).await.contains(&("sign_in.refused".into(), "denied".into())));
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
        assert!(log(&db, &acme).await.contains(&("login.locked".into(), "denied".into())));
        db.clock.advance(Span::minutes(16));
        assert!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", PASSWORD).await.is_ok(), "the window passes by itself");
        verified(&db).await;
    }

    async fn guesser_over_the_limit_leaves_one_record_however_often_they_try(db: Db) {
        let acme = db.tenant("acme").await;
        for window in 1..=2 {
            for _ in 0..5 + 50 {
                assert!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", WRONG).await.is_err());
            }
            let recorded = log(&db, &acme).await;
            let count = |action: &str| recorded.iter().filter(|(name, _)| name == action).count();
            assert_eq!((count("sign_in.refused"), count("login.locked"), count("request.refused")), (5 * window, window, 0));
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let raised = security_events::list(&mut view, None, 100).await.unwrap().items;
            assert_eq!(raised.iter().filter(|event| event.kind == "login.locked").count(), window);
            drop(view);
            db.clock.advance(Span::minutes(16));
        }
        verified(&db).await;
    }

    async fn guesses_at_an_account_without_a_password_are_recorded_and_limited(db: Db) {
        let acme = db.tenant("acme").await;
        let nobody_yet = acme.add(Role::Auditor).await;
        for _ in 0..7 {
            let outcome = try_sign_in(&db, ELSEWHERE, &nobody_yet.email, PASSWORD).await;
            assert_eq!(told(outcome), told(try_sign_in(&db, ELSEWHERE, "nobody@acme.example", PASSWORD).await));
        }
        assert_eq!((times(&db, &acme, "sign_in.refused").await, times(&db, &acme, "login.locked").await), (5, 1));
        let recorded = records(&db, acme.id()).await;
        let refused = recorded.iter().rfind(|row| row.action == "sign_in.refused").unwrap();
        assert_eq!((refused.outcome.as_str(), refused.actor_kind.as_str()), ("denied", "anonymous"));
        // They set a password afterwards, and are not held up by what somebody else tried.
        enrolment::set_password(&db.store, &db.hasher, &acme.job(), nobody_yet.id, PASSWORD.into()).await.unwrap();
        assert!(try_sign_in(&db, ELSEWHERE, &nobody_yet.email, PASSWORD).await.is_err());
        assert!(try_sign_in(&db, HOME, &nobody_yet.email, PASSWORD).await.is_ok());
        verified(&db).await;
    }

    async fn guesser_with_a_whole_ipv6_network_is_one_source(db: Db) {
        db.tenant("acme").await;
        for host in 1..=5 {
            assert!(try_sign_in(&db, &format!("2001:db8::{host}"), "owner@acme.example", WRONG).await.is_err());
        }
        assert!(try_sign_in(&db, "2001:db8::6", "owner@acme.example", PASSWORD).await.is_err());
        assert!(try_sign_in(&db, "2001:db8:0:1::1", "owner@acme.example", PASSWORD).await.is_ok());
    }

    async fn auditor_sees_who_signed_in_and_nobody_behind_a_refusal(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        db.clock.advance(Span::seconds(1));
        assert!(try_sign_in(&db, HOME, "owner@acme.example", WRONG).await.is_err());
        let Step::Done(token) = try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.unwrap() else { panic!() };
        let Who::User { session, .. } = *opens(&db, &token).await.unwrap().actor() else { panic!() };
        let recorded = records(&db, acme.id()).await;
        let refused = recorded.iter().rfind(|row| row.action == "sign_in.refused").unwrap();
        assert_eq!((refused.actor_kind.as_str(), refused.actor_id), ("anonymous", None));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        for action in ["sign_in.accepted", "session.created"] {
            let row = recorded.iter().rfind(|row| row.action == action).unwrap();
            assert_eq!((row.actor_kind.as_str(), row.actor_id), ("user", Some(owner.id().uuid())), "{action}");
            let bytes = audit::event_page(&mut view, row.event).await.unwrap().bytes;
            let actor = format!(r#""actor":{{"auth":"password","credential":"{session}","id":"{}","kind":"user"}}"#, owner.id());
            assert!(bytes.contains(&actor), "{bytes}");
        }
        drop(view);
        verified(&db).await;
    }

    async fn auditor_finds_refused_sign_ins_among_what_was_denied(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        for _ in 0..6 {
            assert!(try_sign_in(&db, ELSEWHERE, "owner@acme.example", WRONG).await.is_err());
        }
        assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_ok());
        db.settle().await;
        let mut view = db.store.read(&auditor.permit::<ReadAudit>().await).await.unwrap();
        let denied = audit::Sought::default().outcome("denied");
        let found = audit::search(&mut view, &denied, audit::Place::Newest).await.unwrap().items;
        let count = |action: &str| found.iter().filter(|row| row.action == action).count();
        assert_eq!((count("sign_in.refused"), count("login.locked"), found.len()), (5, 1, 6));
        let done = audit::Sought::default().outcome("ok");
        let done = audit::search(&mut view, &done, audit::Place::Newest).await.unwrap().items;
        assert!(done.iter().any(|row| row.action == "sign_in.accepted"));
        assert!(done.iter().all(|row| !["sign_in.refused", "login.locked"].contains(&row.action.as_str())));
        drop(view);
        verified(&db).await;
    }

    async fn browser_of_another_person_is_not_who_signed_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, auditor) = (acme.owner(), acme.user(Role::Auditor).await);
        db.clock.advance(Span::seconds(1));
        let permit = owner.permit::<SignIn>().await;
        sign_in::password(&db.store, &db.hasher, &permit, &auditor.user.email, PASSWORD.into()).await.unwrap();
        let recorded = records(&db, acme.id()).await;
        for action in ["sign_in.accepted", "session.created", "session.ended"] {
            let row = recorded.iter().rfind(|row| row.action == action).unwrap();
            assert_eq!(row.actor_id, Some(auditor.id().uuid()), "{action}");
        }
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)), "the owner's session in this browser is over");
    }

    async fn person_whose_old_session_cannot_be_ended_is_signed_in_all_the_same(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let permit = acme.owner().permit::<SignIn>().await;
        // In another tab, a moment ago: what is to be ended is not there any more.
        sign_in::sign_out(&db.store, &acme.owner().permit::<SignIn>().await).await.unwrap();
        assert!(sign_in::sign_out(&db.store, &permit).await.is_err());
        let step = sign_in::password(&db.store, &db.hasher, &permit, "owner@globex.example", PASSWORD.into()).await.unwrap();
        let Step::Done(token) = step else { panic!() };
        assert_eq!(opens(&db, &token).await.unwrap().tenant(), Some(globex.id()));
    }

    async fn account_disabled_while_its_password_was_hashed_is_not_entered(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let disable = acme.owner().permit::<DisableUser>().await;
        let (runtime, inside, id) = (tokio::runtime::Handle::current(), db.clone(), auditor.id());
        // A hash at another cost is made anew once the password has proved right, and that draws a salt: the moment between
        // the look at the account and the session.
        let entropy = Meanwhile::new(move || {
            tokio::task::block_in_place(|| {
                runtime.block_on(async { drop(users::disable(&inside.store, &disable, id).await.unwrap()) });
            });
        });
        let cost = PasswordCost::new(7 * 1024, 5, 1).unwrap();
        let hasher = PasswordHasher::new(cost, NonZeroUsize::MIN, Arc::clone(&entropy) as _);
        let opened = times(&db, &acme, "session.created").await;
        let outcome = sign_in::password(&db.store, &hasher, &db.nobody(HOME).await, &auditor.user.email, PASSWORD.into()).await;
        assert!(entropy.is_over(), "the password was right");
        assert_eq!(told(outcome), told(try_sign_in(&db, HOME, &auditor.user.email, WRONG).await));
        assert_eq!(times(&db, &acme, "session.created").await, opened);
        assert_eq!(times(&db, &acme, "password.rehashed").await, 0);
        verified(&db).await;
    }

    async fn password_replaced_while_it_was_hashed_anew_opens_nothing_and_does_not_come_back(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let (runtime, inside, job, id) = (tokio::runtime::Handle::current(), db.clone(), acme.job(), auditor.id());
        let entropy = Meanwhile::new(move || {
            tokio::task::block_in_place(|| {
                runtime.block_on(async {
                    enrolment::set_password(&inside.store, &inside.hasher, &job, id, NEW.to_owned()).await.unwrap();
                });
            });
        });
        let cost = PasswordCost::new(7 * 1024, 5, 1).unwrap();
        let hasher = PasswordHasher::new(cost, NonZeroUsize::MIN, Arc::clone(&entropy) as _);
        let opened = times(&db, &acme, "session.created").await;
        let outcome = sign_in::password(&db.store, &hasher, &db.nobody(HOME).await, &auditor.user.email, PASSWORD.into()).await;
        assert!(entropy.is_over(), "the password was right when it was looked at");
        assert_eq!(told(outcome), told(try_sign_in(&db, HOME, &auditor.user.email, WRONG).await));
        assert_eq!(times(&db, &acme, "session.created").await, opened);
        assert_eq!(times(&db, &acme, "password.rehashed").await, 0);
        assert!(try_sign_in(&db, HOME, &auditor.user.email, PASSWORD).await.is_err());
        assert!(matches!(try_sign_in(&db, HOME, &auditor.user.email, NEW).await, Ok(Step::Done(_))));
        verified(&db).await;
    }

    async fn sign_in_that_waits_behind_the_change_of_its_password_comes_too_late(db: Db) {
        let acme = db.tenant("acme").await;
        let auditor = acme.user(Role::Auditor).await;
        let (id, email) = (auditor.id(), auditor.user.email.clone());
        let hash = db.hasher.hash(&Password::chosen(NEW.into()).unwrap()).await.unwrap();
        let (holds, held) = tokio::sync::oneshot::channel();
        let (release, released) = tokio::sync::oneshot::channel::<()>();
        let job = acme.job();
        let changing = async {
            let changed: Result<(), Error> = db.store.change(&job, async |tx| {
                let user = bailiwick_store::users::lock(tx, id).await?;
                holds.send(()).unwrap();
                released.await.unwrap();
                let new = StoredHash { user: user.id, hash: hash.as_str().to_owned(), changed_at: tx.now() };
                let written = bailiwick_store::accounts::set_password(tx, new).await?;
                let event = Event::new("password.changed", &written)?;
                Ok(tx.record(event, ()))
            }).await;
            changed.unwrap();
        };
        let signing = async {
            held.await.unwrap();
            let (inside, before) = (db.clone(), db.hasher.hashes());
            let entering = tokio::spawn(async move { try_sign_in(&inside, HOME, &email, PASSWORD).await });
            // Once the hash is asked for, the password of before was read.
            while db.hasher.hashes() == before {
                tokio::task::yield_now().await;
            }
            release.send(()).unwrap();
            entering.await.unwrap()
        };
        let ((), outcome) = tokio::join!(changing, signing);
        assert_eq!(told(outcome), told(try_sign_in(&db, HOME, &auditor.user.email, WRONG).await));
        assert!(matches!(try_sign_in(&db, HOME, &auditor.user.email, NEW).await, Ok(Step::Done(_))));
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
        // All forty may pass the first look at the count; the one under the lock is exact.
        assert_eq!((count("sign_in.refused"), count("login.locked"), count("request.refused")), (5, 1, 0));
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
        let other = users::create(&db.store, &globex.job(), new).await.unwrap();
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
        let entropy = Arc::new(bailiwick_vault::entropy::SeededEntropy::new(77));
        let cost = PasswordCost::new(7 * 1024, 5, 1).unwrap();
        let today = PasswordHasher::new(cost, NonZeroUsize::MIN, entropy);
        let permit: Permit<SignIn> = db.nobody(HOME).await;
        for rehashed in [1, 1] {
            let step = sign_in::password(&db.store, &today, &permit, "owner@acme.example", PASSWORD.into()).await.unwrap();
            assert!(matches!(step, Step::Done(_)));
            assert_eq!(log(&db, &acme).await.iter().filter(|(action, _)| action == "password.rehashed").count(), rehashed);
        }
        assert_eq!(acme.entity.kind, TenantKind::Customer);
    }
}
