//! Signing in with a passkey.

use bailiwick_domain::{
    entity::{MfaState, Severity, SignInMethod},
    role::Role,
    rule::{ByJob, ChangeMyProofs, DisableUser, Me, ResetFactors, SignIn},
    time::Span,
};
use bailiwick_ops::{
    Error, factor_reset, passkeys,
    sign_in::{self, Asked, Step},
    users,
};
use bailiwick_store::{Actor as Who, Permit, Refusal, security_events};
use bailiwick_testkit::{Actor, Authenticator, Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::SessionToken;

use crate::{
    raised::raised,
    support::{ELSEWHERE, HOME, opens, records, times, try_sign_in, verified, with_cookie},
};

const VISITOR: &str = "what only this browser can show";

async fn asked(db: &Db) -> Asked {
    sign_in::passkey_begin(&db.store, &db.party(), &db.nobody::<SignIn>(HOME).await, VISITOR).unwrap()
}

async fn answer(db: &Db, asked: &Asked, credential: &str) -> Result<SessionToken, Error> {
    answer_as(db, &db.nobody::<SignIn>(HOME).await, VISITOR, asked, credential).await
}

async fn answer_as(
    db: &Db,
    permit: &Permit<SignIn>,
    visitor: &str,
    asked: &Asked,
    credential: &str,
) -> Result<SessionToken, Error> {
    sign_in::passkey(&db.store, &db.party(), permit, visitor, &asked.ceremony, credential).await
}

/// Asks and answers at once.
async fn signs_in(db: &Db, device: &mut Authenticator) -> Result<SessionToken, Error> {
    let asked = asked(db).await;
    let credential = device.get(&asked.options);
    answer(db, &asked, &credential).await
}

async fn holder(acme: &Tenant) -> (Actor, Authenticator) {
    let (user, mut device) = (acme.user(Role::Auditor).await, Authenticator::new());
    user.add_passkey(&mut device, "Laptop").await;
    (user, device)
}

#[track_caller]
fn wrong<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("did not sign you in")),
        "{outcome:?}"
    );
}

async fn high(db: &Db, permit: &Permit<ByJob>) -> Vec<String> {
    let mut view = db.store.read(permit).await.unwrap();
    let raised = security_events::list(&mut view, None, 100).await.unwrap().items;
    raised.into_iter().filter(|event| event.severity == Severity::High).map(|event| event.kind).collect()
}

both_databases! {
    async fn holder_is_signed_in_without_name_password_and_code(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = holder(&acme).await;
        let token = signs_in(&db, &mut device).await.unwrap();
        let permit = opens(&db, &token).await.unwrap();
        assert!(matches!(permit.actor(), Who::User { id, method: SignInMethod::Passkey, .. } if *id == user.id()));
        let mut view = db.store.read(&permit).await.unwrap();
        let used = bailiwick_store::passkeys::of_user(&mut view, user.id()).await.unwrap().remove(0);
        drop(view);
        assert_eq!((used.sign_count, used.last_used_at, used.suspected_at), (2, Some(db.store.now()), None));
        let recorded = records(&db, acme.id()).await;
        for action in ["passkey.used", "sign_in.accepted", "session.created"] {
            let row = recorded.iter().rfind(|row| row.action == action).unwrap();
            assert_eq!((row.actor_kind.as_str(), row.actor_id), ("user", Some(user.id().uuid())), "{action}");
        }
        signs_in(&db, &mut device).await.unwrap();
        verified(&db).await;
    }

    async fn synced_passkey_without_a_counter_signs_in_again_and_again(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = (acme.user(Role::Auditor).await, Authenticator::new().synced());
        user.add_passkey(&mut device, "Phone").await;
        for _ in 0..3 {
            signs_in(&db, &mut device).await.unwrap();
        }
    }

    async fn answer_is_good_once_even_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, mut device) = holder(&acme).await;
        let before = times(&db, &acme, "sign_in.accepted").await;
        let asked = asked(&db).await;
        let credential = device.get(&asked.options);
        let (one, two) = tokio::join!(answer(&db, &asked, &credential), answer(&db, &asked, &credential));
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        wrong(answer(&db, &asked, &credential).await);
        // Nor is another answer to the same question.
        wrong(answer(&db, &asked, &device.get(&asked.options)).await);
        assert_eq!(times(&db, &acme, "sign_in.accepted").await - before, 1);
        verified(&db).await;
    }

    async fn answer_is_good_for_the_browser_that_was_asked_and_for_five_minutes(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, mut device) = holder(&acme).await;
        let late = asked(&db).await;
        let credential = device.get(&late.options);
        let permit = db.nobody::<SignIn>(HOME).await;
        wrong(answer_as(&db, &permit, "another browser", &late, &credential).await);
        db.clock.advance(Span::minutes(5));
        wrong(answer(&db, &late, &credential).await);
        let (one, other) = (asked(&db).await, asked(&db).await);
        let credential = device.get(&other.options);
        wrong(answer(&db, &one, &credential).await);
        answer(&db, &other, &credential).await.unwrap();
        let nobody = sign_in::passkey_begin(&db.store, &db.party(), &permit, "");
        assert!(matches!(nobody, Err(Error::Forbidden(_))), "{nobody:?}");
        verified(&db).await;
    }

    async fn answer_from_another_site_or_an_unverified_user_signs_nobody_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, device) = holder(&acme).await;
        let mut device = device.on("https://bailiwick.test.evil.example");
        wrong(signs_in(&db, &mut device).await);
        let mut device = device.on(bailiwick_testkit::ORIGIN).without_looking();
        wrong(signs_in(&db, &mut device).await);
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 2);
        verified(&db).await;
    }

    async fn passkey_of_one_tenant_or_user_is_nothing_in_another(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let (_, mut device) = holder(&acme).await;
        let (colleague, _) = holder(&acme).await;
        let mut theirs = Authenticator::new();
        globex.owner().add_passkey(&mut theirs, "Theirs").await;
        let own = device.user();
        device.claim(&theirs.user());
        wrong(signs_in(&db, &mut device).await);
        assert_eq!(times(&db, &globex, "sign_in.refused").await, 1, "and the attempt stands where it was made");
        let handle = [acme.id().bytes(), colleague.id().bytes()].concat();
        device.claim(&handle);
        wrong(signs_in(&db, &mut device).await);
        device.claim(&own);
        signs_in(&db, &mut device).await.unwrap();
        verified(&db).await;
    }

    async fn stranger_leaves_no_record_where_nobody_is(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, mut device) = holder(&acme).await;
        let before = records(&db, acme.id()).await.len();
        for handle in [[acme.id().bytes(), [9; 16]].concat(), vec![9; 32]] {
            device.claim(&handle);
            wrong(signs_in(&db, &mut device).await);
        }
        assert_eq!(records(&db, acme.id()).await.len(), before);
    }

    async fn copy_whose_counter_is_behind_is_refused_and_reported(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = holder(&acme).await;
        for _ in 0..3 {
            signs_in(&db, &mut device).await.unwrap();
        }
        for behind in [1, 3] {
            device.set_count(behind);
            wrong(signs_in(&db, &mut device).await);
        }
        assert_eq!(high(&db, &acme.job()).await, ["passkey.cloned", "passkey.cloned"]);
        assert_eq!(raised(&acme, "passkey.cloned").await, 2);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let suspected = bailiwick_store::passkeys::of_user(&mut view, user.id()).await.unwrap().remove(0);
        drop(view);
        assert_eq!((suspected.sign_count, suspected.suspected_at), (4, Some(db.store.now())));
        device.set_count(20);
        signs_in(&db, &mut device).await.unwrap();
        verified(&db).await;
    }

    async fn nobody_signs_in_who_is_disabled_or_whose_organisation_is_suspended(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let (user, mut device) = holder(&acme).await;
        let permit = acme.owner().permit::<DisableUser>().await;
        users::disable(&db.store, &permit, user.id()).await.unwrap();
        wrong(signs_in(&db, &mut device).await);
        assert_eq!(times(&db, &acme, "sign_in.refused").await, 1);
        users::enable(&db.store, &permit, user.id()).await.unwrap();
        signs_in(&db, &mut device).await.unwrap();
        platform.suspend(acme.id()).await;
        wrong(signs_in(&db, &mut device).await);
        verified(&db).await;
    }

    async fn passkey_of_somebody_whose_factors_were_reset_signs_nobody_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = holder(&acme).await;
        let owner = acme.owner();
        let permit = owner.permit::<ResetFactors>().await;
        owner
            .confirmed(async |answer| factor_reset::reset(&db.store, &permit, user.id(), answer).await)
            .await
            .unwrap();
        wrong(signs_in(&db, &mut device).await);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(bailiwick_store::users::find_listed(&mut view, user.id()).await.unwrap().mfa, MfaState::Missing);
        assert_eq!(times(&db, &acme, "passkey.removed").await, 1);
        verified(&db).await;
    }

    async fn removed_passkey_signs_nobody_in(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = (acme.user(Role::Auditor).await, Authenticator::new());
        let passkey = user.add_passkey(&mut device, "Laptop").await;
        let asked = asked(&db).await;
        let credential = device.get(&asked.options);
        crate::support::ask_nothing(&acme).await;
        passkeys::remove(&db.store, &user.permit::<ChangeMyProofs>().await, passkey.id).await.unwrap();
        wrong(answer(&db, &asked, &credential).await);
    }

    async fn wrong_passwords_and_answers_never_keep_the_holder_out(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = holder(&acme).await;
        for _ in 0..8 {
            assert!(try_sign_in(&db, HOME, &user.user.email, "not the password").await.is_err());
        }
        let before = records(&db, acme.id()).await.len();
        for _ in 0..12 {
            let (one, other) = (asked(&db).await, asked(&db).await);
            wrong(answer(&db, &one, &device.get(&other.options)).await);
        }
        assert_eq!(records(&db, acme.id()).await.len() - before, 6, "five refusals, and that there were too many");
        signs_in(&db, &mut device).await.unwrap();
        verified(&db).await;
    }

    async fn person_halfway_in_completes_the_sign_in_with_their_own_passkey_only(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, mut device) = holder(&acme).await;
        let (_, mut colleagues) = holder(&acme).await;
        let Step::SecondFactor(waiting) = try_sign_in(&db, HOME, &user.user.email, PASSWORD).await.unwrap() else { panic!("a passkey is a second factor") };
        let permit = with_cookie(&db, &waiting).await;
        let asked = sign_in::passkey_begin(&db.store, &db.party(), &permit, VISITOR).unwrap();
        wrong(answer_as(&db, &permit, VISITOR, &asked, &colleagues.get(&asked.options)).await);
        let token = answer_as(&db, &permit, VISITOR, &asked, &device.get(&asked.options)).await.unwrap();
        assert_ne!(*token.expose(), *waiting.expose());
        assert!(opens(&db, &token).await.is_ok());
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SignIn)));
        verified(&db).await;
    }

    async fn browser_that_enters_another_organisation_leaves_the_first(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let (_, mut device) = holder(&acme).await;
        let Step::Done(first) = try_sign_in(&db, ELSEWHERE, "owner@globex.example", PASSWORD).await.unwrap() else { panic!() };
        let permit = with_cookie(&db, &first).await;
        let asked = asked(&db).await;
        let token = answer_as(&db, &permit, VISITOR, &asked, &device.get(&asked.options)).await.unwrap();
        assert_eq!(opens(&db, &token).await.unwrap().tenant(), Some(acme.id()));
        assert!(matches!(opens(&db, &first).await, Err(Refusal::SignIn)));
        assert!(globex.owner().try_permit::<Me>().await.is_ok(), "their other sessions go on");
    }
}
