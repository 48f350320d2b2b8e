//! One-time codes for sensitive changes.

use bailiwick_domain::{
    entity::{Severity, Tenant as Organisation, TenantStatus},
    ids::StepUpId,
    role::Role,
    rule::{CreateApiKey, ReactivateTenant, ReadPosture, ResetFactors, SignIn, SuspendTenant},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    factor_reset, factors,
    sign_in::Step,
    step_up::{Answer, Asked, Outcome, PER_HOUR},
    tenants,
};
use bailiwick_store::{
    Credential, Refusal, Store, mail, security_events,
    step_up::{LASTS, TRIES},
};
use bailiwick_testkit::{Actor, Db, PASSWORD, Tenant, both_databases};

use crate::support::{HOME, log, records, request, times, try_sign_in, verified};

const WHY: &str = "They did not pay.";

/// Suspends `customer`, or asks for the code.
async fn suspend(
    store: &Store,
    operator: &Actor,
    customer: &Tenant,
    why: &str,
    answer: Option<Answer>,
) -> Result<Outcome<Organisation>, Error> {
    let permit = operator.try_permit_from::<SuspendTenant>(store).await.unwrap();
    tenants::suspend(store, &permit, customer.id(), why, answer).await
}

async fn asked(operator: &Actor, customer: &Tenant) -> (Asked, String) {
    let outcome = suspend(&operator.db.store, operator, customer, WHY, None).await.unwrap();
    let Outcome::Asked(asked) = outcome else { panic!("{outcome:?}") };
    let code = operator.mailed_code(asked.id).await;
    (asked, code)
}

async fn answered(
    operator: &Actor,
    customer: &Tenant,
    id: StepUpId,
    code: &str,
) -> Result<Outcome<Organisation>, Error> {
    suspend(&operator.db.store, operator, customer, WHY, Some(Answer { id, code: code.to_owned() })).await
}

fn is_refused<T>(outcome: &Result<Outcome<T>, Error>) -> bool {
    matches!(outcome, Ok(Outcome::Refused(_)))
}

/// Another code than this one.
fn another(code: &str) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:08}", (number + 1) % 100_000_000)
}

async fn is_served(customer: &Tenant) -> bool {
    customer.owner().try_permit::<ReadPosture>().await.is_ok()
}

both_databases! {
    async fn operator_suspends_with_the_code_of_the_letter(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let operator = platform.user(Role::PlatformOperator).await;
        let (asked, code) = asked(&operator, &acme).await;
        assert_eq!(asked.sentence, "Suspend the organisation acme Pty Ltd");
        assert_eq!(asked.difference, ["Organisation: status from “active” to “suspended”"]);
        assert_eq!((asked.digest.len(), asked.expires_at), (14, Some(db.store.now() + LASTS)));
        assert!(asked.sent_to.starts_with("u•••@platform.example"), "{}", asked.sent_to);
        assert!(is_served(&acme).await, "asking changes nothing");
        assert_eq!(times(&db, &acme, "tenant.suspended").await, 0);
        let grouped = format!("{} {}", &code[..4], &code[4..]);
        let Outcome::Done(done) = answered(&operator, &acme, asked.id, &grouped).await.unwrap() else { panic!() };
        assert_eq!(done.status, TenantStatus::Suspended);
        assert!(matches!(acme.owner().try_permit::<ReadPosture>().await, Err(Refusal::Suspended)));
        // The letter and the code are the platform's affair, the suspension the customer's.
        let home: Vec<_> = log(&db, &platform).await;
        for action in ["step_up.asked", "mail.written", "step_up.approved"] {
            assert!(home.contains(&(action.into(), "ok".into())), "{action} in {home:?}");
        }
        let row = records(&db, acme.id()).await.into_iter().find(|row| row.action == "tenant.suspended").unwrap();
        assert_eq!((row.actor_kind.as_str(), row.actor_id), ("operator", Some(operator.id().uuid())));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert!(mail::list(&mut view, None, None).await.unwrap().items.is_empty(), "the customer does not learn whose code it was");
        drop(view);
        verified(&db).await;
    }

    async fn guesser_has_five_tries_and_the_sixth_is_not_looked_at(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let operator = platform.owner();
        let (asked, code) = asked(&operator, &acme).await;
        for _ in 0..TRIES {
            let outcome = answered(&operator, &acme, asked.id, &another(&code)).await;
            assert!(is_refused(&outcome), "{outcome:?}");
        }
        assert!(is_refused(&answered(&operator, &acme, asked.id, &code).await), "the right one comes too late");
        assert!(is_served(&acme).await);
        assert_eq!(times(&db, &platform, "step_up.refused").await, usize::try_from(TRIES).unwrap());
        let mut view = db.store.read(&platform.job()).await.unwrap();
        let events = security_events::list(&mut view, None, 50).await.unwrap().items;
        drop(view);
        let high: Vec<_> = events.iter().filter(|event| event.kind == "step_up.refused").collect();
        assert!(high.len() == 1 && high[0].severity == Severity::High, "{high:?}");
        verified(&db).await;
    }

    async fn whatever_is_wrong_with_an_answer_there_is_one_answer_to_it(db: Db) {
        let (platform, acme, globex) = (db.platform().await, db.tenant("acme").await, db.tenant("globex").await);
        let operator = platform.owner();
        let (mine, code) = asked(&operator, &acme).await;
        // Nothing that was ever asked for, and no code at all.
        for (id, given) in [(db.store.new_id(), code.as_str()), (mine.id, ""), (mine.id, "letters!"), (mine.id, "１２３４５６７８")] {
            assert!(is_refused(&answered(&operator, &acme, id, given).await), "{given}");
        }
        // Somebody else's, and one's own from another browser.
        let other = platform.user(Role::PlatformOperator).await;
        assert!(is_refused(&answered(&other, &acme, mine.id, &code).await));
        let Step::Done(token) = try_sign_in(&db, HOME, &operator.user.email, PASSWORD).await.unwrap() else { panic!() };
        let elsewhere = Actor { token: token.expose().to_string(), ..operator.clone() };
        assert!(is_refused(&answered(&elsewhere, &acme, mine.id, &code).await));
        // Of another rule.
        let user = platform.user(Role::PlatformSupport).await;
        factors::totp_begin_for(&db.store, &platform.job(), user.id()).await.unwrap();
        let permit = operator.permit::<ResetFactors>().await;
        let answer = Some(Answer { id: mine.id, code: code.clone() });
        assert!(is_refused(&factor_reset::reset(&db.store, &permit, user.id(), answer).await));
        // None of that used the code up; another payload does.
        let outcome = suspend(&db.store, &operator, &globex, WHY, Some(Answer { id: mine.id, code: code.clone() })).await;
        assert!(is_refused(&outcome), "another organisation: {outcome:?}");
        assert!(is_refused(&answered(&operator, &acme, mine.id, &code).await), "it is good once, whatever it was used for");
        let (mine, code) = asked(&operator, &acme).await;
        let outcome = suspend(&db.store, &operator, &acme, "Another reason.", Some(Answer { id: mine.id, code })).await;
        assert!(is_refused(&outcome), "another reason: {outcome:?}");
        let (mine, code) = asked(&operator, &acme).await;
        db.clock.advance(LASTS);
        assert!(is_refused(&answered(&operator, &acme, mine.id, &code).await), "expired");
        assert!(is_served(&acme).await && is_served(&globex).await);
        let log = log(&db, &platform).await;
        assert!(log.contains(&("request.refused".into(), "failed".into())) && log.contains(&("step_up.refused".into(), "denied".into())));
        verified(&db).await;
    }

    async fn code_is_not_good_once_the_thing_has_changed(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let operator = platform.owner();
        let (mine, code) = asked(&operator, &acme).await;
        // Suspended and served again: it looks as before, and is not what was asked about.
        let other = platform.user(Role::PlatformOperator).await;
        let (theirs, key) = asked(&other, &acme).await;
        assert!(matches!(answered(&other, &acme, theirs.id, &key).await, Ok(Outcome::Done(_))));
        tenants::reactivate(&db.store, &other.permit::<ReactivateTenant>().await, acme.id(), "A slip.").await.unwrap();
        let outcome = answered(&operator, &acme, mine.id, &code).await;
        assert!(is_refused(&outcome), "{outcome:?}");
        assert!(is_served(&acme).await);
        let failed = records(&db, acme.id()).await.into_iter().filter(|row| row.action == "request.refused").count();
        assert_eq!(failed, 1, "the customer's log tells of the attempt");
        verified(&db).await;
    }

    async fn of_many_answers_at_once_exactly_one_is_done(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let operator = platform.owner();
        let (mine, code) = asked(&operator, &acme).await;
        let stores = [db.another_if_several().await, db.store.clone(), db.another_if_several().await, db.store.clone()];
        let mut running = tokio::task::JoinSet::new();
        for store in stores {
            let (operator, acme, answer) = (operator.clone(), acme.clone(), Answer { id: mine.id, code: code.clone() });
            running.spawn(async move { suspend(&store, &operator, &acme, WHY, Some(answer)).await });
        }
        let outcomes = running.join_all().await;
        let done = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Outcome::Done(_)))).count();
        assert_eq!(done, 1, "{outcomes:?}");
        assert_eq!(times(&db, &platform, "step_up.approved").await, 1);
        assert_eq!(times(&db, &acme, "tenant.suspended").await, 1);
        verified(&db).await;
    }

    async fn another_code_ends_the_one_before_and_there_are_ten_an_hour(db: Db) {
        let (platform, acme, globex) = (db.platform().await, db.tenant("acme").await, db.tenant("globex").await);
        let operator = platform.owner();
        let (first, code) = asked(&operator, &acme).await;
        let (elsewhere, key) = asked(&operator, &globex).await;
        let (second, newer) = asked(&operator, &acme).await;
        assert!(is_refused(&answered(&operator, &acme, first.id, &code).await), "superseded");
        assert!(matches!(answered(&operator, &globex, elsewhere.id, &key).await, Ok(Outcome::Done(_))), "that of another thing is not");
        for _ in 3..PER_HOUR {
            asked(&operator, &acme).await;
        }
        let outcome = suspend(&db.store, &operator, &acme, WHY, None).await;
        assert!(matches!(outcome, Err(Error::Limited { .. })), "{outcome:?}");
        let other = platform.user(Role::PlatformOperator).await;
        asked(&other, &acme).await;
        assert!(is_refused(&answered(&operator, &acme, second.id, &newer).await));
        db.clock.advance(Span::minutes(29));
        assert!(suspend(&db.store, &operator, &acme, WHY, None).await.is_err());
        db.clock.advance(Span::minutes(31));
        let operator = Actor { token: fresh(&db, &operator).await, ..operator };
        asked(&operator, &acme).await;
    }

    async fn program_cannot_confirm_and_role_alone_is_not_enough(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        factors::totp_begin_for(&db.store, &acme.job(), user.id()).await.unwrap();
        let new = NewApiKey { name: "Sync".into(), scopes: vec!["factor:reset".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let (_, key) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let refused = db.store.gate().admit::<ResetFactors>(Credential::Key(key.hash()), request(&db, HOME)).await;
        assert!(matches!(refused, Err(Refusal::NoPerson)), "{refused:?}");
        assert!(matches!(user.try_permit::<ResetFactors>().await, Err(Refusal::Forbidden)));
        let nobody = db.store.gate().admit::<ResetFactors>(Credential::None, request(&db, HOME)).await;
        assert!(matches!(nobody, Err(Refusal::SignIn)), "{nobody:?}");
        // The owner has every permission, and nothing happens without the code.
        let permit = acme.owner().permit::<ResetFactors>().await;
        assert!(matches!(factor_reset::reset(&db.store, &permit, user.id(), None).await, Ok(Outcome::Asked(_))));
        assert_eq!(times(&db, &acme, "mfa.reset").await, 0);
        let denied = log(&db, &acme).await.into_iter().filter(|row| *row == ("request.refused".into(), "denied".into())).count();
        assert_eq!(denied, 2);
    }

    async fn half_a_sign_in_confirms_nothing(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let (factor, secret) = factors::totp_begin_for(&db.store, &acme.job(), owner.id()).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds()).to_string();
        factors::totp_verify_for(&db.store, &acme.job(), owner.id(), factor.id, &code).await.unwrap();
        let permit = db.nobody::<SignIn>(HOME).await;
        let step = bailiwick_ops::sign_in::password(&db.store, &db.hasher, &permit, &owner.user.email, PASSWORD.into()).await.unwrap();
        let Step::SecondFactor(token) = step else { panic!() };
        let waiting = Actor { token: token.expose().to_string(), ..owner };
        assert!(matches!(waiting.try_permit::<ResetFactors>().await, Err(Refusal::SecondFactor)));
    }
}

/// A new session of somebody whose old one has been idle for too long.
async fn fresh(db: &Db, actor: &Actor) -> String {
    match try_sign_in(db, HOME, &actor.user.email, PASSWORD).await.unwrap() {
        Step::Done(token) => token.expose().to_string(),
        Step::SecondFactor(_) => panic!("nobody set up a second factor"),
    }
}
