//! Nobody learns from an answer, nor from how long it took, whether there is an account.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the durations are shown to whoever reads the test's output; nothing is asserted of them"
)]

use std::time::{Duration, Instant};

use bailiwick_domain::{
    role::Role,
    rule::{DisableUser, SignIn},
    time::Span,
};
use bailiwick_ops::{sign_in, users};
use bailiwick_store::statements;
use bailiwick_testkit::{Db, PASSWORD, both_databases};

use crate::support::{ELSEWHERE, HOME, try_sign_in};

const WRONG: &str = "quite another password";
const ROUNDS: usize = 60;

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

both_databases! {
    async fn every_answer_is_the_same_and_costs_the_same_whatever_there_is(db: Db) {
        let acme = db.tenant("acme").await;
        let (limited, disabled) = (acme.user(Role::PlanManager).await, acme.user(Role::Auditor).await);
        let (without_password, owner) = (acme.add(Role::Auditor).await, acme.owner());
        users::disable(&db.store, &owner.permit::<DisableUser>().await, disabled.id()).await.unwrap();
        let suspended = db.tenant("gone").await;
        db.platform().await.suspend(suspended.id()).await;
        db.clock.advance(Span::seconds(1));
        for email in [&limited.user.email, &without_password.email] {
            for _ in 0..6 {
                assert!(try_sign_in(&db, ELSEWHERE, email, WRONG).await.is_err());
            }
        }
        let suspended = suspended.owner();
        let kinds = [
            ("nobody", "nobody@acme.example"),
            ("limited", limited.user.email.as_str()),
            ("disabled", disabled.user.email.as_str()),
            ("without a password", without_password.email.as_str()),
            ("suspended", suspended.user.email.as_str()),
        ];
        let (expected, _, sent, _) = attempt(&db, "nobody@acme.example", WRONG).await;
        let mut measured: Vec<Vec<Duration>> = vec![Vec::new(); kinds.len()];
        for round in 0..ROUNDS {
            // By turns, so that whatever the machine does besides falls on all of them; the right password as well.
            for (times, (kind, email)) in measured.iter_mut().zip(kinds) {
                let password = if round % 2 == 0 { WRONG } else { PASSWORD };
                let (answer, hashes, statements, took) = attempt(&db, email, password).await;
                assert_eq!(answer, expected, "{kind}");
                assert_eq!((hashes, statements), (1, sent), "{kind}");
                times.push(took);
            }
        }
        // Shown, and not asserted: the work above is the same, and what is left belongs to the machine.
        for ((kind, _), times) in kinds.iter().zip(measured) {
            let [tenth, half, nine_tenths] = quantiles(times);
            println!("{kind:>18}: 10 % {tenth:?}, 50 % {half:?}, 90 % {nine_tenths:?}");
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
