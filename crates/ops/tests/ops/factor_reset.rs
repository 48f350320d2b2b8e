//! Removing the second factors of somebody who lost theirs.

use bailiwick_domain::{
    entity::{FactorState, MfaState, Severity, User},
    ids::UserId,
    role::Role,
    rule::{ChangeMyProofs, Me, ResetFactors},
    time::Span,
};
use bailiwick_mail::Letter;
use bailiwick_ops::{
    Error, factor_reset, factors,
    sign_in::Step,
    step_up::{Answer, Outcome},
};
use bailiwick_store::{Refusal, accounts, mail, recovery_codes, security_events, users};
use bailiwick_testkit::{Actor, PASSWORD, Tenant, both_databases};
use bailiwick_vault::totp::TotpSecret;

use crate::support::{HOME, log, times, try_sign_in, verified, with_cookie};

async fn enrolled(acme: &Tenant, role: Role) -> (Actor, TotpSecret) {
    let (db, user) = (&acme.db, acme.user(role).await);
    let permit = user.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&db.store, &permit, None).await.unwrap();
    let code = secret.code_at(db.store.now().unix_seconds()).to_string();
    factors::totp_verify(&db.store, &permit, factor.id, &code).await.unwrap();
    db.clock.advance(Span::minutes(2));
    (user, secret)
}

async fn reset(actor: &Actor, user: UserId) -> Result<User, Error> {
    let permit = actor.permit::<ResetFactors>().await;
    actor
        .confirmed(async |answer: Option<Answer>| {
            factor_reset::reset(&actor.db.store, &permit, user, answer).await
        })
        .await
}

both_databases! {
    async fn owner_resets_a_lost_factor_and_the_member_is_told(db: Db) {
        let acme = db.tenant("acme").await;
        let (member, _) = enrolled(&acme, Role::PlanManager).await;
        assert!(matches!(try_sign_in(&db, HOME, &member.user.email, PASSWORD).await, Ok(Step::SecondFactor(_))));
        reset(&acme.owner(), member.id()).await.unwrap();
        assert!(matches!(member.try_permit::<Me>().await, Err(Refusal::SignIn)), "every session of theirs has ended");
        assert!(matches!(try_sign_in(&db, HOME, &member.user.email, PASSWORD).await, Ok(Step::Done(_))));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(accounts::factors(&mut view, member.id()).await.unwrap().is_empty());
        assert_eq!(users::find_listed(&mut view, member.id()).await.unwrap().mfa, MfaState::Missing);
        let raised = security_events::list(&mut view, None, 50).await.unwrap().items;
        let raised: Vec<_> = raised.iter().filter(|event| event.kind == "mfa.reset").collect();
        assert!(raised.len() == 1 && raised[0].severity == Severity::High, "{raised:?}");
        let letter = mail::newest_about(&mut view, member.id().uuid()).await.unwrap().unwrap().mail;
        drop(view);
        assert_eq!(letter.to, member.user.email);
        let claimed = mail::claim(&db.store, &acme.job(), letter.id).await.unwrap().unwrap();
        let Ok(Letter::FactorReset(letter)) = Letter::from_bytes(claimed.content.as_bytes()) else { panic!() };
        assert_eq!(letter.by.as_str(), "Olive acme");
        verified(&db).await;
    }

    async fn recovery_codes_go_with_the_factors_they_stood_in_for(db: Db) {
        let acme = db.tenant("acme").await;
        let (member, _) = enrolled(&acme, Role::PlanManager).await;
        factors::make_recovery_codes(&db.store, &member.permit::<ChangeMyProofs>().await).await.unwrap();
        reset(&acme.owner(), member.id()).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(recovery_codes::of(&mut view, member.id()).await.unwrap().is_none());
        drop(view);
        assert_eq!(times(&db, &acme, "recovery_codes.removed").await, 1);
        assert_eq!(times(&db, &acme, "password_reset.requested").await, 0, "there is a password to sign in with");
        verified(&db).await;
    }

    async fn secret_of_a_removed_factor_is_gone(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::PlanManager).await;
        let (proven, secret) = factors::totp_begin_for(&db.store, &acme.job(), user.id()).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        let proven = factors::totp_verify_for(&db.store, &acme.job(), user.id(), proven.id, &code).await.unwrap();
        assert_eq!(proven.state, FactorState::Verified);
        factors::sso_asserted(&db.store, &acme.job(), user.id()).await.unwrap();
        reset(&acme.owner(), user.id()).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(matches!(accounts::factor_secret(&mut view, proven.id).await, Err(bailiwick_store::Error::NotFound)));
        let left = accounts::factors(&mut view, user.id()).await.unwrap();
        assert_eq!(users::find_listed(&mut view, user.id()).await.unwrap().mfa, MfaState::Sso, "{left:?}");
    }

    async fn code_is_not_good_once_the_member_has_found_their_device(db: Db) {
        let acme = db.tenant("acme").await;
        let (member, secret) = enrolled(&acme, Role::PlanManager).await;
        let owner = acme.owner();
        let permit = owner.permit::<ResetFactors>().await;
        let Outcome::Asked(asked) = factor_reset::reset(&db.store, &permit, member.id(), None).await.unwrap() else { panic!() };
        let code = owner.mailed_code(asked.id).await;
        let Step::SecondFactor(token) = try_sign_in(&db, HOME, &member.user.email, PASSWORD).await.unwrap() else { panic!() };
        let theirs = secret.code_at(db.store.now().unix_seconds()).to_string();
        bailiwick_ops::sign_in::code(&db.store, &with_cookie(&db, &token).await, &theirs).await.unwrap();
        let outcome = factor_reset::reset(&db.store, &permit, member.id(), Some(Answer { id: asked.id, code })).await;
        assert!(matches!(outcome, Ok(Outcome::Refused(_))), "{outcome:?}");
        assert_eq!(times(&db, &acme, "mfa.reset").await, 0);
        verified(&db).await;
    }

    async fn sessions_opened_meanwhile_end_as_well(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::PlanManager).await;
        factors::totp_begin_for(&db.store, &acme.job(), user.id()).await.unwrap();
        let owner = acme.owner();
        let permit = owner.permit::<ResetFactors>().await;
        let Outcome::Asked(asked) = factor_reset::reset(&db.store, &permit, user.id(), None).await.unwrap() else { panic!() };
        let code = owner.mailed_code(asked.id).await;
        // Whoever signs in is no part of what was asked about.
        assert!(matches!(try_sign_in(&db, HOME, &user.user.email, PASSWORD).await, Ok(Step::Done(_))));
        let outcome = factor_reset::reset(&db.store, &permit, user.id(), Some(Answer { id: asked.id, code })).await;
        assert!(matches!(outcome, Ok(Outcome::Done(_))), "{outcome:?}");
        let ended = log(&db, &acme).await.into_iter().filter(|(action, _)| action == "session.ended").count();
        assert_eq!(ended, 2);
    }

    async fn nobody_resets_themselves_somebody_above_or_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, permit) = (acme.owner(), acme.owner().permit::<ResetFactors>().await);
        let outcome = factor_reset::reset(&db.store, &permit, owner.id(), None).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let bare = acme.user(Role::Auditor).await;
        let outcome = factor_reset::reset(&db.store, &permit, bare.id(), None).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        let stranger = db.tenant("globex").await.user(Role::Auditor).await;
        let outcome = factor_reset::reset(&db.store, &permit, stranger.id(), None).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        // Whoever was given the permission alone does not get at those who hold more.
        let manager = acme.user(Role::OperationsManager).await;
        let grant = bailiwick_ops::users::NewGrant { permission: "factor:reset".into(), effect: "grant".into(), reason: "Help desk.".into(), expires_at: None };
        let granting = owner.permit::<bailiwick_domain::rule::GrantPermission>().await;
        bailiwick_ops::users::grant(&db.store, &granting, manager.id(), grant).await.unwrap();
        factors::totp_begin_for(&db.store, &acme.job(), owner.id()).await.unwrap();
        let outcome = factor_reset::reset(&db.store, &manager.permit::<ResetFactors>().await, owner.id(), None).await;
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
        assert_eq!(times(&db, &acme, "step_up.asked").await, 0);
        verified(&db).await;
    }
}
