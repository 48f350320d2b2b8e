//! Recovery codes.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Severity, SignInMethod},
    role::Role,
    rule::{ChangeMyProofs, Me},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error, factors,
    sign_in::{self, Step},
};
use bailiwick_store::{Actor as Who, Refusal, recovery_codes, security_events};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{token::SessionToken, totp::TotpSecret};

use crate::support::{HOME, log, opens, room_of, times, try_sign_in, verified, with_cookie, with_cookie_at};

pub(crate) async fn prepared(acme: &Tenant) -> (Actor, TotpSecret, Vec<String>) {
    let (db, user) = (&acme.db, acme.user(Role::Auditor).await);
    let permit = user.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
    let code = secret.code_at(db.store.now().unix_seconds());
    factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
    let codes = factors::make_recovery_codes(&db.store, &permit).await.unwrap();
    let codes = codes.iter().map(|code| code.expose().to_string()).collect();
    db.clock.advance(Span::minutes(1));
    (user, secret, codes)
}

pub(crate) async fn waiting(db: &Db, user: &Actor) -> SessionToken {
    match try_sign_in(db, HOME, &user.user.email, PASSWORD).await.unwrap() {
        Step::SecondFactor(token) => token,
        Step::Done(_) => panic!("signed in with the password alone"),
    }
}

async fn unused(user: &Actor) -> i64 {
    let mut view = user.db.store.read(&user.permit::<Me>().await).await.unwrap();
    recovery_codes::of(&mut view, user.id()).await.unwrap().map_or(-1, |codes| codes.unused)
}

both_databases! {
    async fn person_gets_in_with_a_code_once_and_is_told(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, _, codes) = prepared(&acme).await;
        let first = waiting(&db, &user).await;
        let token = sign_in::recovery(&db.store, &with_cookie(&db, &first).await, &codes[3].to_lowercase()).await.unwrap();
        let permit = opens(&db, &token).await.unwrap();
        assert!(matches!(permit.actor(), Who::User { method: SignInMethod::PasswordRecovery, .. }), "{permit:?}");
        // What waited for the code is dead: whoever set it on the browser has gained nothing.
        assert!(matches!(opens(&db, &first).await, Err(Refusal::SignIn)));
        let replay = sign_in::recovery(&db.store, &with_cookie(&db, &first).await, &codes[4]).await;
        assert!(matches!(replay, Err(Error::Conflict(_))), "{replay:?}");
        assert_eq!(unused(&user).await, 9);
        let second = waiting(&db, &user).await;
        let again = sign_in::recovery(&db.store, &with_cookie(&db, &second).await, &codes[3]).await;
        assert!(matches!(again, Err(Error::Invalid(_))), "each is good once: {again:?}");
        let mailbox = Mailbox::default();
        room_of(&db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
        let letters = mailbox.messages();
        let letter = letters.iter().find(|kept| kept.message.content.subject.as_str().starts_with("A recovery code was used")).unwrap();
        assert!(letter.message.content.text.contains("9 codes are left."), "{}", letter.message.content.text.as_str());
        assert_eq!(letter.message.to.as_str(), user.user.email);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        let used = raised.iter().find(|event| event.kind == "recovery_code.used").unwrap();
        assert_eq!((used.severity, used.detail.as_str()), (Severity::Warning, "Auditor signed in with a recovery code"));
        drop(view);
        verified(&db).await;
    }

    async fn one_code_used_many_times_at_once_lets_exactly_one_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, _, codes) = prepared(&acme).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let first = waiting(&db, &user).await;
            let permit = with_cookie_at(&db, &first, &format!("198.51.100.{n}")).await;
            let (db, code) = (db.clone(), codes[0].clone());
            tasks.spawn(async move { sign_in::recovery(&db.store, &permit, &code).await });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Invalid(_)))).count(), 7, "{outcomes:?}");
        assert_eq!(times(&db, &acme, "recovery_code.used").await, 1);
        assert_eq!(unused(&user).await, 9);
        verified(&db).await;
    }

    async fn guesses_of_recovery_codes_are_counted_apart_and_end_the_wait(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, secret, codes) = prepared(&acme).await;
        let first = waiting(&db, &user).await;
        for n in 1..=5 {
            let outcome = sign_in::recovery(&db.store, &with_cookie(&db, &first).await, "not a code").await;
            assert_eq!(matches!(outcome, Err(Error::Conflict(_))), n == 5, "{n}: {outcome:?}");
        }
        assert!(matches!(opens(&db, &first).await, Err(Refusal::SignIn)));
        let second = waiting(&db, &user).await;
        let limited = sign_in::recovery(&db.store, &with_cookie(&db, &second).await, &codes[0]).await;
        assert!(matches!(limited, Err(Error::Limited { retry_after_seconds: 900 })), "{limited:?}");
        assert_eq!(unused(&user).await, 10, "what was not looked at is not used up");
        // One-time codes have a counter of their own.
        let code = secret.code_at(db.store.now().unix_seconds());
        sign_in::code(&db.store, &with_cookie(&db, &second).await, &code).await.unwrap();
        let recorded = log(&db, &acme).await;
        assert_eq!(recorded.iter().filter(|(action, outcome)| action == "sign_in.refused" && outcome == "denied").count(), 5);
        verified(&db).await;
    }

    async fn new_codes_kill_the_old_ones(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, _, old) = prepared(&acme).await;
        let new = factors::make_recovery_codes(&db.store, &user.permit::<ChangeMyProofs>().await).await.unwrap();
        assert_eq!((new.len(), unused(&user).await), (10, 10));
        let first = waiting(&db, &user).await;
        let stale = sign_in::recovery(&db.store, &with_cookie(&db, &first).await, &old[0]).await;
        assert!(matches!(stale, Err(Error::Invalid(_))), "{stale:?}");
        sign_in::recovery(&db.store, &with_cookie(&db, &first).await, new[0].expose().as_str()).await.unwrap();
        assert_eq!(times(&db, &acme, "recovery_codes.generated").await, 2);
        verified(&db).await;
    }

    async fn codes_of_one_person_let_nobody_else_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, _, codes) = prepared(&acme).await;
        let (other, _, _) = prepared(&acme).await;
        let first = waiting(&db, &other).await;
        let outcome = sign_in::recovery(&db.store, &with_cookie(&db, &first).await, &codes[0]).await;
        assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
    }

    async fn person_without_a_second_factor_gets_no_codes(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let permit = user.permit::<ChangeMyProofs>().await;
        let early = factors::make_recovery_codes(&db.store, &permit).await;
        assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
        factors::totp_begin(&db.store, &permit, None).await.unwrap();
        assert!(matches!(factors::make_recovery_codes(&db.store, &permit).await, Err(Error::Conflict(_))), "an unproven one is none");
        factors::sso_asserted(&db.store, &acme.job(), user.id()).await.unwrap();
        assert!(matches!(factors::make_recovery_codes(&db.store, &permit).await, Err(Error::Conflict(_))), "nor is the word of a provider");
    }

    async fn nobody_reads_a_code_in_the_database_or_the_log(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, _, codes) = prepared(&acme).await;
        let first = waiting(&db, &user).await;
        sign_in::recovery(&db.store, &with_cookie(&db, &first).await, &codes[0]).await.unwrap();
        db.sign().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let mut place = bailiwick_store::audit::Place::Newest;
        loop {
            let found = bailiwick_store::audit::search(&mut view, &bailiwick_store::audit::Sought::default(), place).await.unwrap();
            for row in found.items {
                let bytes = bailiwick_store::audit::event_page(&mut view, row.event).await.unwrap().bytes;
                for code in &codes {
                    assert!(!bytes.contains(code.as_str()) && !bytes.contains(&code.replace('-', "")), "{bytes}");
                }
            }
            let Some(older) = found.older else { break };
            place = older;
        }
    }
}
