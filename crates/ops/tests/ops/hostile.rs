//! Ten thousand guesses at the owner's account from a hundred sources.

use std::{sync::Arc, time::Duration};

use bailiwick_domain::{
    entity::Severity,
    rule::{ChangeMyProofs, SignIn},
    time::Span,
};
use bailiwick_ops::{
    factors,
    sign_in::{self, Step},
};
use bailiwick_store::{
    attempts::{self, TurnedAway},
    security_events,
};
use bailiwick_testkit::{Authenticator, PASSWORD, both_databases};

use crate::support::{HOME, Known, opens, records, times, verified};

const SOURCES: u8 = 100;
const EACH: u32 = 100;
/// Sources that guess at the same moment.
const AT_ONCE: u8 = 10;
const VISITOR: &str = "what only this browser can show";

both_databases! {
    async fn owner_signs_in_from_their_device_after_ten_thousand_hostile_guesses(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let email: Arc<str> = owner.user.email.as_str().into();
        let code = |secret: &bailiwick_vault::totp::TotpSecret| secret.code_at(db.store.now().unix_seconds()).to_string();

        // A laptop that is known, with password and code, and a passkey beside it.
        let permit = owner.permit::<ChangeMyProofs>().await;
        let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
        factors::totp_verify(&db.store, &permit, factor.id, &code(&secret)).await.unwrap();
        let mut key = Authenticator::new();
        owner.add_passkey(&mut key, "Key").await;
        db.clock.advance(Span::minutes(1));
        let mut laptop = Known::default();
        let Step::SecondFactor(waiting) = laptop.tries(&db, HOME, &email, PASSWORD).await.unwrap() else { panic!() };
        let permit = laptop.permit::<SignIn>(&db, HOME, Some(&waiting)).await;
        laptop.keep(&sign_in::code(&db.store, &permit, &code(&secret)).await.unwrap());
        db.clock.advance(Span::minutes(1));

        let (hashes, before) = (db.hasher.hashes(), records(&db, acme.id()).await.len());
        let letters = times(&db, &acme, "mail.written").await;
        for some in 0..SOURCES / AT_ONCE {
            let mut tasks = tokio::task::JoinSet::new();
            for source in some * AT_ONCE..(some + 1) * AT_ONCE {
                let (db, email) = (db.clone(), Arc::clone(&email));
                tasks.spawn(async move {
                    let permit = db.nobody::<SignIn>(&format!("198.51.100.{source}")).await;
                    for n in 0..EACH {
                        let guess = format!("a guess of {source}, number {n}");
                        assert!(sign_in::password(&db.store, &db.hasher, &permit, &email, guess).await.is_err());
                    }
                });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
        }

        // Each was answered after the same work, and all of them are accounted for: what was looked at in rows, whose number
        // is bounded by the limit of the account, and what was turned away in a count by the hour.
        assert_eq!(db.hasher.hashes() - hashes, 10_000);
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 100);
        let mut turned_away = TurnedAway::default();
        for _ in 0..1000 {
            let mut view = db.store.read(&acme.job()).await.unwrap();
            turned_away = attempts::turned_away_since(&mut view, owner.id(), db.store.now() - Span::hours(1)).await.unwrap();
            drop(view);
            if turned_away.attempts >= 9_900 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(turned_away.attempts, 9_900);
        // A few sources are told apart, and all the others are counted together.
        assert!(turned_away.sources == 20 && turned_away.from_others > 0, "{turned_away:?}");
        assert!((75..=100).contains(&turned_away.from_one), "{turned_away:?}");
        let added = records(&db, acme.id()).await.len() - before;
        let limited = times(&db, &acme, "login.locked").await;
        // One for each source that had used up its guesses, and one for the account; its owner is told by one letter.
        let told = times(&db, &acme, "mail.written").await - letters;
        assert!(limited <= 21 && told == 1 && added == 100 + limited + told, "{limited}, {told} and {added} records");
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 200).await.unwrap().items;
        drop(view);
        assert_eq!(raised.iter().filter(|event| event.severity == Severity::High).count(), 1);
        assert_eq!(raised.iter().filter(|event| event.kind == "login.locked").count(), limited);
        assert_eq!(raised.iter().filter(|event| event.kind.starts_with("sign_in.")).count(), 0);

        // Whoever has the password and an unknown device is kept out; the owner at theirs is not, nor with a passkey anywhere.
        assert!(Known::default().tries(&db, "203.0.113.99", &email, PASSWORD).await.is_err());
        let Step::SecondFactor(waiting) = laptop.tries(&db, HOME, &email, PASSWORD).await.unwrap() else { panic!() };
        let permit = laptop.permit::<SignIn>(&db, HOME, Some(&waiting)).await;
        let session = sign_in::code(&db.store, &permit, &code(&secret)).await.unwrap();
        assert!(opens(&db, &session).await.is_ok());
        let permit = db.nobody::<SignIn>("198.51.100.1").await;
        let asked = sign_in::passkey_begin(&db.store, &db.party(), &permit, VISITOR).unwrap();
        let answer = key.get(&asked.options);
        let session = sign_in::passkey(&db.store, &db.party(), &permit, VISITOR, &asked.ceremony, &answer).await.unwrap();
        assert!(opens(&db, &session).await.is_ok());
        verified(&db).await;
    }
}
