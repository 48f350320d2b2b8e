//! One-time links.

use bailiwick_domain::{
    role::Role,
    rule::{DisableUser, Me, SignIn},
    time::Span,
};
use bailiwick_ops::{Error, enrolment, sign_in::Step, users};
use bailiwick_store::Refusal;
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::token::{EnrolmentToken, SessionToken};

use crate::support::{ELSEWHERE, HOME, log, opens, times, try_sign_in, verified};

const CHOSEN: &str = "a password of my own";

async fn complete(db: &Db, token: &EnrolmentToken, password: &str) -> Result<SessionToken, Error> {
    let permit = db.nobody::<SignIn>(HOME).await;
    enrolment::complete(&db.store, &db.hasher, &permit, token, password.to_owned()).await.map(whole)
}

/// The session of somebody who is asked for nothing more.
fn whole(step: Step) -> SessionToken {
    match step {
        Step::Done(token) => token,
        Step::SecondFactor(_) => panic!("asked for a code that nobody set up"),
    }
}

async fn link(db: &Db, tenant: &Tenant, user: bailiwick_domain::ids::UserId) -> EnrolmentToken {
    enrolment::begin(&db.store, &tenant.job(), user).await.unwrap()
}

#[track_caller]
fn dead<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("does not work any more")),
        "{outcome:?}"
    );
}

both_databases! {
    async fn new_owner_sets_a_password_and_is_signed_in(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::TenantOwner).await;
        let token = link(&db, &acme, user.id).await;
        assert!(enrolment::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().is_some());
        let session = complete(&db, &token, CHOSEN).await.unwrap();
        assert_eq!(opens(&db, &session).await.unwrap().caller().unwrap().user.id, user.id);
        assert!(try_sign_in(&db, HOME, &user.email, CHOSEN).await.is_ok());
        let actions: Vec<_> = log(&db, &acme).await.into_iter().map(|(action, _)| action).collect();
        for action in ["enrolment.created", "enrolment.used", "password.set", "session.created"] {
            assert!(actions.iter().any(|recorded| recorded == action), "{action}");
        }
        verified(&db).await;
    }

    async fn link_works_once(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let token = link(&db, &acme, user.id).await;
        complete(&db, &token, CHOSEN).await.unwrap();
        assert!(enrolment::look(&db.store, &db.nobody::<SignIn>(ELSEWHERE).await, &token).await.unwrap().is_none());
        dead(complete(&db, &token, "the password of a thief").await);
        assert!(try_sign_in(&db, HOME, &user.email, CHOSEN).await.is_ok());
        assert!(try_sign_in(&db, HOME, &user.email, "the password of a thief").await.is_err());
    }

    async fn link_used_by_several_at_once_lets_one_in(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let token = link(&db, &acme, user.id).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (db, token) = (db.clone(), EnrolmentToken::parse(&token.expose()).unwrap());
            tasks.spawn(async move { (n, complete(&db, &token, &format!("the password of racer {n}")).await) });
        }
        let outcomes = tasks.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(n, _)| *n).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        assert!(try_sign_in(&db, HOME, &user.email, &format!("the password of racer {}", winners[0])).await.is_ok());
        verified(&db).await;
    }

    async fn link_lapses_after_a_day(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&db, &acme, acme.add(Role::Auditor).await.id).await;
        db.clock.advance(Span::seconds(24 * 60 * 60 - 1));
        assert!(enrolment::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().is_some());
        db.clock.advance(Span::seconds(1));
        assert!(enrolment::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().is_none());
        dead(complete(&db, &token, CHOSEN).await);
    }

    async fn link_of_a_disabled_user_or_of_nobody_is_dead(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let token = link(&db, &acme, user.id).await;
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, user.id).await.unwrap();
        dead(complete(&db, &token, CHOSEN).await);
        let nobodys = EnrolmentToken::generate(&acme.id().bytes(), db.store.entropy());
        dead(complete(&db, &nobodys, CHOSEN).await);
        let of_no_tenant = EnrolmentToken::generate(&[7; 16], db.store.entropy());
        dead(complete(&db, &of_no_tenant, CHOSEN).await);
    }

    async fn link_that_was_once_real_leaves_a_record_when_it_is_tried_and_no_other_does(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let (first, second) = (link(&db, &acme, user.id).await, link(&db, &acme, user.id).await);
        let refusals = async || {
            log(&db, &acme).await.iter().filter(|(action, outcome)| action == "request.refused" && outcome == "failed").count()
        };
        let nobody = db.nobody::<SignIn>(HOME).await;
        let nobodys = EnrolmentToken::generate(&acme.id().bytes(), db.store.entropy());
        assert!(matches!(enrolment::refuse(&db.store, &nobody, &nobodys).await, Ok(Error::Conflict(enrolment::DEAD))));
        dead(complete(&db, &nobodys, CHOSEN).await);
        assert_eq!(refusals().await, 0, "whose it was is only claimed");
        assert!(matches!(enrolment::refuse(&db.store, &nobody, &first).await, Ok(Error::Conflict(enrolment::DEAD))));
        assert_eq!(refusals().await, 1, "withdrawn");
        complete(&db, &second, CHOSEN).await.unwrap();
        dead(complete(&db, &second, CHOSEN).await);
        assert_eq!(refusals().await, 2, "used");
        verified(&db).await;
    }

    async fn another_link_is_the_only_one_that_works(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        let (first, second) = (link(&db, &acme, user.id).await, link(&db, &acme, user.id).await);
        dead(complete(&db, &first, CHOSEN).await);
        complete(&db, &second, CHOSEN).await.unwrap();
        assert_eq!(times(&db, &acme, "enrolment.withdrawn").await, 1);
        verified(&db).await;
    }

    async fn weak_password_leaves_the_link_as_it_is(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&db, &acme, acme.add(Role::Auditor).await.id).await;
        for password in ["", "elevenchars", &"x".repeat(1025)] {
            let outcome = complete(&db, &token, password).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "password"), "{outcome:?}");
        }
        complete(&db, &token, CHOSEN).await.unwrap();
    }

    async fn somebody_signed_in_elsewhere_leaves_there(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let owner = globex.owner();
        let token = link(&db, &acme, acme.add(Role::Auditor).await.id).await;
        let permit = owner.permit::<SignIn>().await;
        let session = whole(enrolment::complete(&db.store, &db.hasher, &permit, &token, CHOSEN.into()).await.unwrap());
        assert_eq!(opens(&db, &session).await.unwrap().tenant(), Some(acme.id()));
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)));
        verified(&db).await;
    }
}
