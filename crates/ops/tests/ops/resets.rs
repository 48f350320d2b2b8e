//! Forgotten passwords, replaced by a mailed link.

use std::sync::Arc;

use bailiwick_domain::{
    role::Role,
    rule::{ByJob, DisableUser, Me, SignIn},
    time::Span,
};
use bailiwick_mail::{Mailbox, Message};
use bailiwick_ops::{
    Error, enrolment, factors,
    passwords::reset::{self, PER_ACCOUNT, PER_DAY, PER_SOURCE, SignInAddress},
    sign_in::{self, Step},
    users::{self, NewUser},
};
use bailiwick_store::{Permit, Refusal, Store, password_resets, security_events};
use bailiwick_testkit::{Db, PASSWORD, Tenant, both_databases};
use bailiwick_vault::token::{PasswordResetToken, SessionToken};

use crate::{
    raised::raised,
    support::{ELSEWHERE, HOME, log, opens, records, room_of, times, try_sign_in, verified, with_cookie},
};

const NEW: &str = "seven quiet lanterns";
const OWNER: &str = "owner@acme.example";

async fn ask(db: &Db, ip: &str, address: &str) {
    let address = SignInAddress::parse(address).unwrap();
    reset::ask(&db.store, &db.nobody::<SignIn>(ip).await, &address).await.unwrap();
}

/// The letters that arrive now, the newest first.
async fn letters(db: &Db) -> Vec<Arc<Message>> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    mailbox.messages().into_iter().map(|kept| kept.message).collect()
}

fn token_of(letter: &Message) -> PasswordResetToken {
    PasswordResetToken::parse(letter.content.link.rsplit('/').next().unwrap()).unwrap()
}

/// The token that arrives for an address.
async fn link(db: &Db, address: &str) -> PasswordResetToken {
    ask(db, HOME, address).await;
    token_of(&letters(db).await[0])
}

async fn complete(db: &Db, token: &PasswordResetToken, password: &str) -> Result<SessionToken, Error> {
    complete_at(&db.store, db, token, password).await
}

async fn complete_at(
    store: &Store,
    db: &Db,
    token: &PasswordResetToken,
    password: &str,
) -> Result<SessionToken, Error> {
    let permit = db.nobody::<SignIn>(HOME).await;
    reset::complete(store, &db.hasher, &permit, token, password.to_owned()).await.map(|step| match step {
        Step::Done(session) => session,
        Step::SecondFactor(_) => panic!("asked for a code that nobody set up"),
    })
}

/// Whether the link still works, by a look that uses nothing up.
async fn works(db: &Db, token: &PasswordResetToken) -> bool {
    reset::look(&db.store, &db.nobody::<SignIn>(HOME).await, token).await.unwrap().is_some()
}

#[track_caller]
fn dead<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("does not work any more")),
        "{outcome:?}"
    );
}

async fn live(db: &Db, tenant: &Tenant) -> usize {
    let mut view = db.store.read(&tenant.job()).await.unwrap();
    password_resets::live_of(&mut view, tenant.owner().id()).await.unwrap().len()
}

both_databases! {
    async fn forgetful_owner_sets_a_new_password_and_everything_before_it_is_over(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        ask(&db, HOME, " Owner@ACME.example ").await;
        let arrived = letters(&db).await;
        assert_eq!((arrived.len(), arrived[0].to.as_str()), (1, OWNER));
        assert!(arrived[0].content.text.contains("acme Pty Ltd"));
        let token = token_of(&arrived[0]);
        let who = reset::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().unwrap();
        assert_eq!((who.user.id, who.organisation.as_str()), (owner.id(), "acme Pty Ltd"));
        assert!(try_sign_in(&db, HOME, OWNER, PASSWORD).await.is_ok(), "until then the password stays as it is");
        let session = complete(&db, &token, NEW).await.unwrap();
        assert_eq!(opens(&db, &session).await.unwrap().caller().unwrap().user.id, owner.id());
        assert!(matches!(owner.try_permit::<Me>().await, Err(Refusal::SignIn)), "sessions from before are over");
        assert!(try_sign_in(&db, HOME, OWNER, PASSWORD).await.is_err());
        assert!(try_sign_in(&db, HOME, OWNER, NEW).await.is_ok());
        let news = letters(&db).await;
        assert_eq!((news.len(), news[0].to.as_str()), (1, OWNER));
        assert!(news[0].content.text.contains("by a link"));
        let recorded = log(&db, &acme).await;
        for action in ["password_reset.requested", "password_reset.used", "password.reset", "session.ended", "session.created"] {
            assert!(recorded.contains(&(action.into(), "ok".into())), "{action}");
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let raised = security_events::list(&mut view, None, 10).await.unwrap().items;
        assert!(raised.iter().any(|event| event.kind == "password.reset"), "{raised:?}");
        drop(view);
        verified(&db).await;
    }

    async fn link_used_by_several_at_once_lets_one_in(db: Db) {
        let acme = db.tenant("acme").await;
        let token = link(&db, OWNER).await;
        let mut tasks = tokio::task::JoinSet::new();
        let another = db.another_if_several().await;
        for n in 0..8 {
            let (db, token) = (db.clone(), PasswordResetToken::parse(&token.expose()).unwrap());
            // On PostgreSQL half of them come to another process.
            let store = if n % 2 == 0 { db.store.clone() } else { another.clone() };
            tasks.spawn(async move { (n, complete_at(&store, &db, &token, &format!("the password of racer {n}")).await) });
        }
        let outcomes = tasks.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(n, _)| *n).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        for (_, outcome) in outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()) {
            dead(outcome);
        }
        assert!(try_sign_in(&db, HOME, OWNER, &format!("the password of racer {}", winners[0])).await.is_ok());
        assert_eq!((times(&db, &acme, "password.reset").await, times(&db, &acme, "password_reset.used").await), (1, 1));
        verified(&db).await;
    }

    async fn links_asked_for_at_once_leave_one_that_works(db: Db) {
        let acme = db.tenant("acme").await;
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let db = db.clone();
            tasks.spawn(async move { ask(&db, HOME, OWNER).await });
        }
        tasks.join_all().await;
        assert_eq!(live(&db, &acme).await, 1);
        let requested = times(&db, &acme, "password_reset.requested").await;
        assert_eq!(i64::try_from(requested).unwrap(), PER_ACCOUNT);
        let arrived = letters(&db).await;
        assert_eq!(arrived.len(), 1, "those taken back have not left");
        complete(&db, &token_of(&arrived[0]), NEW).await.unwrap();
        verified(&db).await;
    }

    async fn a_link_works_once_for_an_hour_and_only_the_newest(db: Db) {
        let acme = db.tenant("acme").await;
        let first = link(&db, OWNER).await;
        db.clock.advance(Span::minutes(1));
        let second = link(&db, OWNER).await;
        assert!(!works(&db, &first).await && works(&db, &second).await);
        dead(complete(&db, &first, NEW).await);
        complete(&db, &second, NEW).await.unwrap();
        dead(complete(&db, &second, "another password entirely").await);
        db.clock.advance(Span::hours(2));
        let third = link(&db, OWNER).await;
        db.clock.advance(Span::seconds(60 * 60 - 1));
        assert!(works(&db, &third).await);
        db.clock.advance(Span::seconds(1));
        assert!(!works(&db, &third).await);
        dead(complete(&db, &third, "another password entirely").await);
        assert!(try_sign_in(&db, HOME, OWNER, NEW).await.is_ok());
        assert_eq!(times(&db, &acme, "password.reset").await, 1);
        verified(&db).await;
    }

    async fn use_of_a_link_that_was_once_real_is_recorded_and_of_one_made_up_is_not(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let token = link(&db, OWNER).await;
        complete(&db, &token, NEW).await.unwrap();
        let refusals = async |tenant: &Tenant| {
            log(&db, tenant).await.iter().filter(|(action, outcome)| action == "request.refused" && outcome == "failed").count()
        };
        let before = refusals(&acme).await;
        dead(complete(&db, &token, "another password entirely").await);
        let nobody = db.nobody::<SignIn>(HOME).await;
        assert!(matches!(reset::refuse(&db.store, &nobody, &token).await, Ok(Error::Conflict(_))));
        assert_eq!(refusals(&acme).await, before + 2);
        let (ours, theirs) = (records(&db, acme.id()).await.len(), records(&db, globex.id()).await.len());
        for forged in [acme.id().bytes(), globex.id().bytes(), [7; 16]] {
            dead(complete(&db, &PasswordResetToken::generate(&forged, db.store.entropy()), NEW).await);
        }
        // The secret of a real link under another tenant's name.
        let mut octets = hex_of(&token);
        octets.replace_range(..32, &globex.id().to_string().replace('-', ""));
        dead(complete(&db, &token_from(&octets), NEW).await);
        assert_eq!((records(&db, acme.id()).await.len(), records(&db, globex.id()).await.len()), (ours, theirs));
    }

    async fn weak_password_leaves_the_link_as_it_is(db: Db) {
        db.tenant("acme").await;
        let token = link(&db, OWNER).await;
        let long = "x".repeat(1_025);
        for password in ["", "elevenchars", "password1234", "acme pty ltd", long.as_str()] {
            let outcome = complete(&db, &token, password).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "password"), "{outcome:?}");
        }
        complete(&db, &token, NEW).await.unwrap();
    }

    async fn person_of_several_organisations_gets_a_letter_for_each_and_links_do_not_mix(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let new = NewUser { email: OWNER.into(), name: "Olive elsewhere".into(), role: Role::Auditor };
        let other = users::create(&db.store, &globex.job(), new).await.unwrap();
        enrolment::set_password(&db.store, &db.hasher, &globex.job(), other.id, PASSWORD.into()).await.unwrap();
        ask(&db, HOME, OWNER).await;
        let arrived = letters(&db).await;
        assert_eq!(arrived.len(), 2);
        let of = |name: &str| arrived.iter().find(|letter| letter.content.text.contains(name)).unwrap();
        let session = complete(&db, &token_of(of("globex Pty Ltd")), NEW).await.unwrap();
        assert_eq!(opens(&db, &session).await.unwrap().tenant(), Some(globex.id()));
        assert!(acme.owner().try_permit::<Me>().await.is_ok(), "the other organisation is as it was");
        assert!(works(&db, &token_of(of("acme Pty Ltd"))).await);
        verified(&db).await;
    }

    async fn no_letter_leaves_where_no_password_could_be_replaced(db: Db) {
        let (platform, acme, globex) = (db.platform().await, db.tenant("acme").await, db.tenant("globex").await);
        let disabled = acme.user(Role::Auditor).await;
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, disabled.id()).await.unwrap();
        let never_set = acme.add(Role::Auditor).await;
        platform.suspend(globex.id()).await;
        // Those that tell of what was just done.
        letters(&db).await;
        let before = (log(&db, &acme).await.len(), log(&db, &globex).await.len());
        for address in [disabled.user.email.as_str(), &never_set.email, "owner@globex.example", "nobody@acme.example"] {
            ask(&db, HOME, address).await;
        }
        assert!(letters(&db).await.is_empty());
        assert_eq!((log(&db, &acme).await.len(), log(&db, &globex).await.len()), before, "nor a record");
        for text in ["", "owner", "owner@acme", "o\u{200b}wner@acme.example", &format!("{}@acme.example", "x".repeat(300))] {
            assert!(matches!(SignInAddress::parse(text), Err(Error::Invalid(fields)) if fields[0].field == "address"), "{text}");
        }
    }

    async fn link_dies_with_the_account_or_the_organisation(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let auditor = acme.user(Role::Auditor).await;
        let token = link(&db, &auditor.user.email).await;
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, auditor.id()).await.unwrap();
        dead(complete(&db, &token, NEW).await);
        letters(&db).await;
        let token = link(&db, OWNER).await;
        platform.suspend(acme.id()).await;
        assert!(!works(&db, &token).await);
        dead(complete(&db, &token, NEW).await);
    }

    async fn whoever_floods_an_account_leaves_its_owner_a_link_that_works(db: Db) {
        let acme = db.tenant("acme").await;
        for round in 0..3 * PER_ACCOUNT {
            ask(&db, &format!("198.51.100.{round}"), OWNER).await;
            db.clock.advance(Span::minutes(2));
        }
        let arrived = letters(&db).await;
        assert_eq!(i64::try_from(times(&db, &acme, "password_reset.requested").await).unwrap(), PER_ACCOUNT);
        assert_eq!(times(&db, &acme, "password_reset.limited").await, 1, "once in a window");
        assert_eq!(raised(&acme, "password_reset.limited").await, 1);
        // The owner, who is turned away as well, uses the newest letter.
        ask(&db, HOME, OWNER).await;
        assert!(letters(&db).await.is_empty());
        complete(&db, &token_of(&arrived[0]), NEW).await.unwrap();
        verified(&db).await;
    }

    async fn account_gets_so_many_links_in_a_day_and_more_on_the_next(db: Db) {
        let acme = db.tenant("acme").await;
        for round in 0..3 * PER_DAY {
            ask(&db, &format!("198.51.100.{round}"), OWNER).await;
            db.clock.advance(Span::minutes(13));
        }
        assert_eq!(i64::try_from(times(&db, &acme, "password_reset.requested").await).unwrap(), PER_DAY);
        db.clock.advance(Span::hours(24));
        letters(&db).await;
        complete(&db, &link(&db, OWNER).await, NEW).await.unwrap();
    }

    async fn whoever_asks_for_many_accounts_from_one_source_is_stopped_and_nobody_else(db: Db) {
        let acme = db.tenant("acme").await;
        let mut people = Vec::new();
        for _ in 0..=PER_SOURCE {
            let user = acme.add(Role::Auditor).await;
            enrolment::set_password(&db.store, &db.hasher, &acme.job(), user.id, PASSWORD.into()).await.unwrap();
            people.push(user.email);
        }
        for address in &people {
            ask(&db, ELSEWHERE, address).await;
        }
        assert_eq!(i64::try_from(letters(&db).await.len()).unwrap(), PER_SOURCE);
        ask(&db, HOME, people.last().unwrap()).await;
        assert_eq!(letters(&db).await.len(), 1);
        db.clock.advance(Span::minutes(61));
        ask(&db, ELSEWHERE, &people[0]).await;
        assert_eq!(letters(&db).await.len(), 1, "the window passes by itself");
        verified(&db).await;
    }

    async fn person_with_an_authenticator_is_asked_for_its_code_after_the_link(db: Db) {
        let acme = db.tenant("acme").await;
        let (owner, job): (_, Permit<ByJob>) = (acme.owner(), acme.job());
        let (factor, secret) = factors::totp_begin_for(&db.store, &job, owner.id()).await.unwrap();
        let code = secret.code_at(db.store.now().unix_seconds());
        factors::totp_verify_for(&db.store, &job, owner.id(), factor.id, &code).await.unwrap();
        let token = link(&db, OWNER).await;
        let nobody = db.nobody::<SignIn>(HOME).await;
        let step = reset::complete(&db.store, &db.hasher, &nobody, &token, NEW.into()).await.unwrap();
        let Step::SecondFactor(waiting) = step else { panic!("a link stands for the password alone") };
        assert!(matches!(opens(&db, &waiting).await, Err(Refusal::SecondFactor)));
        db.clock.advance(Span::minutes(1));
        let code = secret.code_at(db.store.now().unix_seconds());
        let session = sign_in::code(&db.store, &with_cookie(&db, &waiting).await, &code).await.unwrap();
        assert!(opens(&db, &session).await.is_ok());
        verified(&db).await;
    }
}

/// The octets of a token in hexadecimal.
fn hex_of(token: &PasswordResetToken) -> String {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
    let octets = BASE64_URL_SAFE_NO_PAD.decode(token.expose().as_str()).unwrap();
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn token_from(hex: &str) -> PasswordResetToken {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
    let octets: Vec<u8> =
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect();
    PasswordResetToken::parse(&BASE64_URL_SAFE_NO_PAD.encode(octets)).unwrap()
}
