//! Nobody learns from an answer, nor from how long it took, whether there is an account.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the durations are shown to whoever reads the test's output; nothing is asserted of them"
)]

use std::time::{Duration, Instant};

use bailiwick_domain::{
    role::Role,
    rule::{DisableUser, Invite, SignIn},
    time::Span,
};
use bailiwick_ops::{
    enrolment,
    invitations::{self, NewInvitation},
    sign_in,
    users::{self, NewUser},
};
use bailiwick_store::statements;
use bailiwick_testkit::{Db, PASSWORD, both_databases};

use crate::support::{ELSEWHERE, HOME, try_sign_in};

const WRONG: &str = "quite another password";
const ROUNDS: usize = 60;
/// Wrong guesses of one source at one account that are looked at.
const LOOKED_AT: usize = 5;

/// What an attempt says, and what it costs: hashes, and statements of the database.
async fn attempt(db: &Db, email: &str, password: &str) -> (String, u64, u64, Duration) {
    let permit = db.nobody::<SignIn>(ELSEWHERE).await;
    let (hashes, sent, began) = (db.hasher.hashes(), statements(), Instant::now());
    let answer = sign_in::password(&db.store, &db.hasher, &permit, email, password.to_owned()).await;
    let took = began.elapsed();
    (format!("{:?}", answer.unwrap_err()), db.hasher.hashes() - hashes, statements() - sent, took)
}

/// The durations of which one in ten, one in two and nine in ten are shorter.
fn quantiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    [times.len() / 10, times.len() / 2, times.len() * 9 / 10].map(|place| times[place])
}

/// What a stranger may aim at.
struct Kind<'a> {
    name: &'static str,
    /// Each takes as many guesses as are looked at, one after the other.
    emails: Vec<&'a str>,
    /// What an attempt costs: a hash for each organisation.
    hashes: u64,
    /// Whether an attempt leaves no record, so that it costs as many statements as at nobody's account, with the right password too.
    silent: bool,
}

impl<'a> Kind<'a> {
    fn silent(name: &'static str, email: &'a str) -> Self {
        Self { name, emails: vec![email], hashes: 1, silent: true }
    }
}

both_databases! {
    async fn every_answer_is_the_same_and_costs_the_same_whatever_there_is(db: Db) {
        let acme = db.tenant("acme").await;
        let (limited, disabled) = (acme.user(Role::PlanManager).await, acme.user(Role::Auditor).await);
        let (without_password, owner) = (acme.add(Role::Auditor).await, acme.owner());
        users::disable(&db.store, &owner.permit::<DisableUser>().await, disabled.id()).await.unwrap();
        let new = NewInvitation { email: "invited@acme.example".into(), role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &owner.permit::<Invite>().await, new).await.unwrap();
        let suspended = db.tenant("gone").await;
        db.platform().await.suspend(suspended.id()).await;
        let mut active = Vec::new();
        for _ in 0..ROUNDS / LOOKED_AT {
            active.push(acme.user(Role::PlanManager).await.user.email);
        }
        let mut twice = Vec::new();
        let globex = db.tenant("globex").await;
        for _ in 0..ROUNDS / LOOKED_AT {
            let user = acme.user(Role::PlanManager).await.user;
            let other = NewUser { email: user.email.clone(), name: user.name, role: Role::Auditor };
            let other = users::create(&db.store, &globex.job(), other).await.unwrap();
            enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, PASSWORD.into()).await.unwrap();
            twice.push(user.email);
        }
        db.clock.advance(Span::seconds(1));
        for email in [&limited.user.email, &without_password.email] {
            for _ in 0..6 {
                assert!(try_sign_in(&db, ELSEWHERE, email, WRONG).await.is_err());
            }
        }
        let suspended = suspended.owner();
        let kinds = [
            Kind::silent("nobody", "nobody@acme.example"),
            Kind::silent("invited", "invited@acme.example"),
            Kind::silent("limited", &limited.user.email),
            Kind::silent("disabled", &disabled.user.email),
            Kind::silent("without a password", &without_password.email),
            Kind::silent("suspended", &suspended.user.email),
            Kind { name: "active", emails: active.iter().map(String::as_str).collect(), hashes: 1, silent: false },
            Kind { name: "in two", emails: twice.iter().map(String::as_str).collect(), hashes: 2, silent: false },
        ];
        let (expected, _, sent, _) = attempt(&db, "nobody@acme.example", WRONG).await;
        let mut measured: Vec<Vec<Duration>> = vec![Vec::new(); kinds.len()];
        for round in 0..ROUNDS {
            // By turns, so that whatever the machine does besides falls on all of them; the right password as well.
            for (times, kind) in measured.iter_mut().zip(&kinds) {
                let password = if kind.silent && round % 2 == 1 { PASSWORD } else { WRONG };
                let email = kind.emails[round / LOOKED_AT % kind.emails.len()];
                let (answer, hashes, statements, took) = attempt(&db, email, password).await;
                assert_eq!((answer.as_str(), hashes), (expected.as_str(), kind.hashes), "{}", kind.name);
                let fits = if kind.silent { statements == sent } else { statements > sent };
                assert!(fits, "{}: {statements} statements, {sent} at nobody's", kind.name);
                times.push(took);
            }
        }
        // Shown, and not asserted: the work above is the same but for what is said there, and what is left belongs to the machine.
        for (kind, times) in kinds.iter().zip(measured) {
            let [tenth, half, nine_tenths] = quantiles(times);
            println!("{:>18}: 10 % {tenth:?}, 50 % {half:?}, 90 % {nine_tenths:?}", kind.name);
        }
    }

    async fn a_wrong_guess_that_is_looked_at_is_answered_alike_at_the_cost_of_its_record(db: Db) {
        let acme = db.tenant("acme").await;
        let planner = acme.user(Role::PlanManager).await;
        let (nobody, hash, read, _) = attempt(&db, "nobody@acme.example", WRONG).await;
        let mut written = 0;
        for _ in 0..5 + 20 {
            let (answer, hashes, sent, _) = attempt(&db, &planner.user.email, WRONG).await;
            assert_eq!((&answer, hashes), (&nobody, hash));
            assert!(sent >= read);
            written += usize::from(sent > read);
        }
        // As many as are looked at, and the first that is turned away. No further one tells the account from none.
        assert_eq!(written, 6);
        assert!(try_sign_in(&db, HOME, &planner.user.email, PASSWORD).await.is_ok());
    }
}
