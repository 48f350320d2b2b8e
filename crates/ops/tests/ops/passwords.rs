//! Passwords that people choose and change.

use std::{fs, num::NonZeroUsize, sync::Arc};

use bailiwick_domain::{
    role::Role,
    rule::{ChangeMyProofs, CreateApiKey, Me, SignIn},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error, api_keys, enrolment, factors,
    passwords::{
        self, NewPassword,
        reset::{self, SignInAddress},
    },
    sign_in::{self, Step},
};
use bailiwick_store::{Credential, Permit, Refusal, accounts, password_resets, security_events};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::{
    entropy::SeededEntropy,
    password::{CompromisedList, PasswordCost, PasswordHasher},
    token::{EnrolmentToken, SessionToken},
};

use crate::{
    raised::raised,
    support::{ELSEWHERE, HOME, log, opens, records, request, room_of, times, try_sign_in, verified},
};

const NEW: &str = "seven quiet lanterns";
const WRONG: &str = "quite another password";

async fn change(actor: &Actor, current: &str, new: &str) -> Result<SessionToken, Error> {
    let permit = actor.permit::<ChangeMyProofs>().await;
    change_by(&actor.db, &permit, current, new).await
}

async fn change_by(
    db: &Db,
    permit: &Permit<ChangeMyProofs>,
    current: &str,
    new: &str,
) -> Result<SessionToken, Error> {
    let passwords = NewPassword { current: current.to_owned(), new: new.to_owned() };
    passwords::change(&db.store, &db.hasher, permit, passwords).await
}

/// The permit of a person's session when it is used at another address.
async fn from(actor: &Actor, ip: &str) -> Permit<ChangeMyProofs> {
    let credential = Credential::Session(SessionToken::parse(&actor.token).unwrap());
    actor.db.store.gate().admit(credential, request(&actor.db, ip)).await.unwrap()
}

async fn link(db: &Db, tenant: &Tenant) -> EnrolmentToken {
    let user = tenant.add(Role::Auditor).await;
    enrolment::begin(&db.store, &tenant.job(), user.id).await.unwrap()
}

async fn enrol(
    db: &Db,
    hasher: &PasswordHasher,
    token: &EnrolmentToken,
    password: &str,
) -> Result<Step, Error> {
    let permit = db.nobody::<SignIn>(HOME).await;
    enrolment::complete(&db.store, hasher, &permit, token, password.to_owned()).await
}

/// The field that is refused, and what is said of it.
#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (&'static str, String) {
    match outcome {
        Err(Error::Invalid(mut fields)) if fields.len() == 1 => {
            let field = fields.remove(0);
            (field.field, field.text)
        }
        other => panic!("{other:?}"),
    }
}

/// The subjects of the letters that arrive now, the newest first.
async fn subjects(db: &Db) -> Vec<String> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    mailbox.messages().iter().map(|kept| kept.message.content.subject.to_string()).collect()
}

both_databases! {
    async fn person_changes_their_password_and_keeps_one_session_under_a_new_id(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let Step::Done(second) = try_sign_in(&db, ELSEWHERE, "owner@acme.example", PASSWORD).await.unwrap() else { panic!() };
        let before = opens(&db, &SessionToken::parse(&owner.token).unwrap()).await.unwrap();
        let renewed = change(&owner, PASSWORD, NEW).await.unwrap();
        let after = opens(&db, &renewed).await.unwrap();
        assert_eq!(after.caller().unwrap().user.id, owner.id());
        assert_ne!(format!("{:?}", after.actor()), format!("{:?}", before.actor()), "the session has another id");
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)), "the token before is worth nothing");
        assert!(matches!(opens(&db, &second).await, Err(Refusal::SignIn)), "nor is any other session");
        assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_err());
        assert!(try_sign_in(&db, HOME, "owner@acme.example", NEW).await.is_ok());
        assert_eq!(subjects(&db).await, ["Your password for acme Pty Ltd was changed"]);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 10).await.unwrap().items;
        assert!(raised.iter().any(|event| event.kind == "password.changed" && event.detail == "Tenant Owner changed their password"), "{raised:?}");
        drop(view);
        let recorded = records(&db, acme.id()).await;
        for action in ["password.confirmed", "password.changed", "session.created"] {
            let row = recorded.iter().rfind(|row| row.action == action).unwrap();
            assert_eq!((row.actor_kind.as_str(), row.actor_id), ("user", Some(owner.id().uuid())), "{action}");
        }
        verified(&db).await;
    }

    async fn a_session_does_not_live_longer_for_a_changed_password(db: Db) {
        let owner = db.tenant("acme").await.owner();
        // As late as a proof is still recent.
        db.clock.advance(Span::minutes(9));
        let renewed = change(&owner, PASSWORD, NEW).await.unwrap();
        let mut minutes = 9;
        while opens(&db, &renewed).await.is_ok() {
            db.clock.advance(Span::minutes(9));
            minutes += 9;
        }
        assert_eq!(minutes, 12 * 60, "12 hours from the sign-in it ends");
    }

    async fn wrong_present_password_counts_as_a_guess_at_the_sign_in_does(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, other) = (acme.owner(), acme.user(Role::Auditor).await);
        // A right guess at the very same moment would wipe the slate clean.
        db.clock.advance(Span::seconds(1));
        for _ in 0..3 {
            assert_eq!(refused(change(&owner, WRONG, NEW).await), ("current", "This is not your present password.".to_owned()));
        }
        for _ in 0..2 {
            assert!(try_sign_in(&db, HOME, "owner@acme.example", WRONG).await.is_err());
        }
        assert!(matches!(change(&owner, PASSWORD, NEW).await, Err(Error::Limited { .. })), "five in all, wherever they were made");
        assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_err());
        assert!(change(&other, PASSWORD, NEW).await.is_ok(), "nobody else's");
        assert_eq!((times(&db, &acme, "password.refused").await, times(&db, &acme, "password.limited").await), (3, 1));
        assert_eq!(raised(&acme, "password.limited").await, 1);
        db.clock.advance(Span::minutes(16));
        let Ok(Step::Done(token)) = try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await else { panic!("the window passes by itself") };
        let owner = Actor { token: token.expose().to_string(), ..owner };
        assert!(change(&owner, PASSWORD, NEW).await.is_ok());
        verified(&db).await;
    }

    async fn guesser_with_a_stolen_session_and_many_addresses_loses_the_session(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        for host in 1..=4 {
            let permit = from(&owner, &format!("198.51.100.{host}")).await;
            assert_eq!(refused(change_by(&db, &permit, WRONG, NEW).await).0, "current");
        }
        let permit = from(&owner, "198.51.100.5").await;
        assert!(matches!(change_by(&db, &permit, WRONG, NEW).await, Err(Error::Conflict(text)) if text.contains("has ended")));
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)));
        assert!(change_by(&db, &permit, PASSWORD, NEW).await.is_err(), "a permit from before is worth nothing, either");
        assert!(try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await.is_ok(), "and the person signs in");
        verified(&db).await;
    }

    async fn another_password_has_to_be_another_one_and_a_good_one(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let long = "x".repeat(1_025);
        for (new, says) in [
            (PASSWORD, "the password that you have now"),
            ("elevenchars", "at least 12 characters"),
            (long.as_str(), "fewer than 1,024 bytes"),
            ("Password1234", "known from leaks"),
            ("Olive acme", "at least 12 characters"),
            ("owner@acme.example", "too easy to guess"),
            ("acme pty ltd", "too easy to guess"),
            ("zxzxzxzxzxzx", "too easy to guess. Repeats like"),
        ] {
            let (field, text) = refused(change(&owner, PASSWORD, new).await);
            assert!(field == "new" && text.contains(says), "{new}: {text}");
        }
        assert_eq!(refused(change(&owner, &long, NEW).await).0, "current");
        assert_eq!(times(&db, &acme, "password.refused").await, 0, "none of it was a guess");
        assert!(change(&owner, PASSWORD, NEW).await.is_ok());
    }

    async fn program_has_no_password(db: Db) {
        let acme = db.tenant("acme").await;
        let new = api_keys::NewApiKey { name: "Sync".into(), scopes: vec!["user:read".into()], expires_at: None, tag: None, ..api_keys::NewApiKey::default() };
        let (_, key) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let key = Credential::Key(key.hash());
        let refused = db.store.gate().admit::<ChangeMyProofs>(key, request(&db, HOME)).await;
        assert!(matches!(refused, Err(Refusal::Forbidden)), "not even a permit");
    }

    async fn changes_made_at_once_leave_one_password_and_one_session(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let mut permits = Vec::new();
        for n in 0..6 {
            permits.push((n, owner.permit::<ChangeMyProofs>().await));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for (n, permit) in permits {
            let db = db.clone();
            tasks.spawn(async move { (n, change_by(&db, &permit, PASSWORD, &format!("the password of racer {n}")).await) });
        }
        let outcomes = tasks.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter_map(|(n, outcome)| Some((n, outcome.as_ref().ok()?))).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|(_, outcome)| matches!(outcome, Ok(_) | Err(Error::Conflict(_)))), "{outcomes:?}");
        let (n, session) = winners[0];
        assert!(opens(&db, session).await.is_ok());
        assert!(try_sign_in(&db, HOME, "owner@acme.example", &format!("the password of racer {n}")).await.is_ok());
        assert_eq!(times(&db, &acme, "password.changed").await, 1);
        verified(&db).await;
    }

    async fn links_that_could_set_a_password_die_with_its_change(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let token = enrolment::begin(&db.store, &acme.job(), owner.id()).await.unwrap();
        let address = SignInAddress::parse("owner@acme.example").unwrap();
        reset::ask(&db.store, &db.nobody::<SignIn>(HOME).await, &address).await.unwrap();
        change(&owner, PASSWORD, NEW).await.unwrap();
        assert!(matches!(enrol(&db, &db.hasher, &token, WRONG).await, Err(Error::Conflict(_))));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(password_resets::live_of(&mut view, owner.id()).await.unwrap().is_empty());
        drop(view);
        assert_eq!(subjects(&db).await, ["Your password for acme Pty Ltd was changed"], "the letter with the link has not left");
        let recorded = log(&db, &acme).await;
        for action in ["enrolment.withdrawn", "password_reset.withdrawn", "mail.withdrawn"] {
            assert!(recorded.contains(&(action.into(), "ok".into())), "{action}");
        }
    }

    async fn person_with_an_authenticator_stays_signed_in_with_it(db: Db) {
        let owner = db.tenant("acme").await.owner();
        let (factor, secret) = factors::totp_begin(&db.store, &owner.permit().await, None).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds());
        factors::totp_verify(&db.store, &owner.permit().await, factor.id, &code).await.unwrap();
        let renewed = change(&owner, PASSWORD, NEW).await.unwrap();
        assert!(opens(&db, &renewed).await.is_ok(), "no code is asked for once more");
    }

    async fn a_password_known_from_leaks_is_refused_wherever_one_is_chosen(db: Db) {
        let acme = db.tenant("acme").await;
        let path = db.folder().join("leaked.txt");
        // printf 'a leaked passphrase' | openssl sha1
        fs::write(&path, "CEBF77E2DEEC2024E6C943BC3AF70FD90D4389BE:7\n").unwrap();
        let hasher = PasswordHasher::new(PasswordCost::INSECURE, NonZeroUsize::MIN, Arc::new(SeededEntropy::new(5)));
        let hasher = hasher.refusing(CompromisedList::open(&path).unwrap());
        let token = link(&db, &acme).await;
        for leaked in ["a leaked passphrase", "correct horse battery staple"] {
            let (field, text) = refused(enrol(&db, &hasher, &token, leaked).await);
            assert!(field == "password" && text.contains("known from leaks"), "{leaked}: {text}");
        }
        fs::write(&path, "").unwrap();
        assert!(matches!(enrol(&db, &hasher, &token, NEW).await, Err(Error::Password(_))), "a list that is gone lets nothing through");
        assert!(enrol(&db, &db.hasher, &token, NEW).await.is_ok(), "the link is as good as before");
    }

    async fn password_is_good_for_as_long_as_nobody_replaces_it(db: Db) {
        let acme = db.tenant("acme").await;
        for _ in 0..10 {
            db.clock.advance(Span::days(366));
            let signed_in = try_sign_in(&db, HOME, "owner@acme.example", PASSWORD).await;
            assert!(matches!(signed_in, Ok(Step::Done(_))), "nobody is asked for another one: {signed_in:?}");
        }
        assert_eq!(times(&db, &acme, "password.changed").await, 0);
    }

    async fn password_that_leans_on_the_words_of_the_installation_is_refused_wherever_one_is_chosen(db: Db) {
        let acme = db.tenant("acme").await;
        let hasher = PasswordHasher::new(PasswordCost::INSECURE, NonZeroUsize::MIN, Arc::new(SeededEntropy::new(5)));
        let hasher = hasher.knowing(&["Zyqqurat".to_owned()]);
        let token = link(&db, &acme).await;
        let (field, text) = refused(enrol(&db, &hasher, &token, "Zyqqurat2026!").await);
        assert!(field == "password" && text.contains("too easy to guess"), "{text}");
        assert!(enrol(&db, &db.hasher, &token, "Zyqqurat2026!").await.is_ok(), "where nobody named it, it is a good one");
    }

    async fn person_signs_in_with_all_of_a_long_password_in_any_script(db: Db) {
        let owner = db.tenant("acme").await.owner();
        // 100 characters of four octets each: beyond what some hashes look at.
        let long: String = (0..100_u32).map(|n| char::from_u32(0x1_F300 + n * 7 % 97).unwrap()).collect();
        assert_eq!((long.chars().count(), long.len()), (100, 400));
        change(&owner, PASSWORD, &long).await.unwrap();
        let cut: String = long.chars().take(99).collect();
        for wrong in [cut.clone(), format!("{cut}x"), format!("{long} "), format!(" {long}")] {
            assert!(try_sign_in(&db, HOME, "owner@acme.example", &wrong).await.is_err(), "{wrong}");
        }
        // None of it waits for what was wrong before.
        db.clock.advance(Span::hours(1));
        assert!(try_sign_in(&db, HOME, "owner@acme.example", &long).await.is_ok());
    }

    async fn hash_is_renewed_at_sign_in_whichever_parameter_changed(db: Db) {
        let acme = db.tenant("acme").await;
        for (memory, passes, lanes, rehashed) in [(7_168, 5, 1, 1), (7_168, 6, 1, 2), (8_192, 6, 1, 3), (8_192, 6, 2, 4), (8_192, 6, 2, 4)] {
            let cost = PasswordCost::new(memory, passes, lanes).unwrap();
            let hasher = PasswordHasher::new(cost, NonZeroUsize::MIN, Arc::new(SeededEntropy::new(u64::from(passes))));
            let permit = db.nobody::<SignIn>(HOME).await;
            sign_in::password(&db.store, &hasher, &permit, "owner@acme.example", PASSWORD.into()).await.unwrap();
            assert_eq!(times(&db, &acme, "password.rehashed").await, rehashed);
            let mut view = db.store.read(&acme.job()).await.unwrap();
            let stored = accounts::password(&mut view, acme.owner().id()).await.unwrap().unwrap();
            assert!(stored.hash.starts_with(&format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$")), "{memory} {passes} {lanes}");
        }
    }
}
