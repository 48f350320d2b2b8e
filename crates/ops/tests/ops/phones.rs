//! Phone numbers: proven by two codes, replaced, removed, erased.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{MailChannel, MailKind, MailState},
    role::Role,
    rule::{ChangeMyProofs, ResetFactors},
    time::Span,
};
use bailiwick_mail::Letter;
use bailiwick_ops::{
    Error, factor_reset, factors,
    phones::{self, Codes, PER_DAY, WRONG},
};
use bailiwick_store::{Event, Outbox, mail, users};
use bailiwick_testkit::{Actor, Tenant, both_databases};

use crate::{
    channel::{NUMBER, sends_messages},
    support::{times, verified},
};

/// The code that waits on a channel, which can be read this once.
async fn waiting(acme: &Tenant, channel: MailChannel) -> String {
    let (store, job) = (&acme.db.store, acme.job());
    let listed = mail::list(&mut store.read(&job).await.unwrap(), None, None).await.unwrap().items;
    let letter = listed
        .into_iter()
        .map(|listed| listed.mail)
        .find(|mail| {
            (mail.kind, mail.channel, mail.state) == (MailKind::PhoneCode, channel, MailState::Waiting)
        })
        .unwrap();
    let claimed = mail::claim(store, &job, letter.id).await.unwrap().unwrap();
    match Letter::from_bytes(claimed.content.as_bytes()) {
        Ok(Letter::PhoneCode(letter)) => letter.code.expose().to_owned(),
        other => panic!("not a code: {other:?}"),
    }
}

pub(crate) async fn both(acme: &Tenant) -> Codes {
    Codes {
        message: waiting(acme, MailChannel::Webhook).await,
        letter: waiting(acme, MailChannel::Mail).await,
    }
}

pub(crate) async fn begin(actor: &Actor, number: &str) -> Result<phones::Begun, Error> {
    phones::begin(&actor.db.store, &actor.permit::<ChangeMyProofs>().await, number).await
}

pub(crate) async fn verify(actor: &Actor, codes: Codes) -> Result<(), Error> {
    phones::verify(&actor.db.store, &actor.permit::<ChangeMyProofs>().await, codes).await
}

async fn number(actor: &Actor) -> Option<String> {
    let permit = actor.permit::<ChangeMyProofs>().await;
    phones::mine(&actor.db.store, &permit).await.unwrap().verified.map(|phone| phone.number)
}

fn is_wrong(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Err(Error::Invalid(problems)) if problems[0].text == WRONG)
}

fn wrong(codes: &Codes) -> Codes {
    let other = if codes.message == "00000000" { "00000001" } else { "00000000" };
    Codes { message: other.into(), letter: codes.letter.clone() }
}

both_databases! {
    async fn neither_code_alone_proves_a_number(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let codes = both(&acme).await;
        for (message, letter) in [
            (codes.message.as_str(), ""),
            ("", codes.letter.as_str()),
            (codes.message.as_str(), codes.message.as_str()),
            (codes.letter.as_str(), codes.message.as_str()),
        ] {
            let outcome = verify(&owner, Codes { message: message.into(), letter: letter.into() }).await;
            assert!(is_wrong(&outcome), "{outcome:?}");
        }
        assert_eq!(number(&owner).await, None);
        verify(&owner, codes).await.unwrap();
        assert_eq!(number(&owner).await.as_deref(), Some(NUMBER));
        verified(&db).await;
    }

    async fn guesser_has_five_tries_and_the_right_codes_come_too_late(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let codes = both(&acme).await;
        for _ in 0..5 {
            assert!(is_wrong(&verify(&owner, wrong(&codes)).await));
        }
        assert!(is_wrong(&verify(&owner, codes).await));
        assert_eq!((number(&owner).await, times(&db, &acme, "phone_check.refused").await), (None, 5));
    }

    async fn codes_of_eleven_minutes_ago_work_no_more(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let codes = both(&acme).await;
        let permit = owner.permit::<ChangeMyProofs>().await;
        db.clock.advance(Span::minutes(11));
        assert!(is_wrong(&phones::verify(&db.store, &permit, codes).await));
    }

    async fn one_number_gets_so_many_messages_in_a_day_whoever_asks(db: Db) {
        db.store.decide_outbox(Outbox { codes: MailChannel::Webhook, per_number: 3, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        verify(&owner, both(&acme).await).await.unwrap();
        for _ in 0..2 {
            begin(&acme.user(Role::Auditor).await, NUMBER).await.unwrap();
        }
        let third = acme.user(Role::Auditor).await;
        let beyond = begin(&third, NUMBER).await;
        assert!(matches!(beyond, Err(Error::Limited { .. })), "{beyond:?}");
        assert!(begin(&third, "+61491570157").await.is_ok(), "another number has a count of its own");
        // Codes for sensitive changes are messages like any other.
        let member = acme.add(Role::PlanManager).await;
        factors::totp_begin_for(&db.store, &acme.job(), member.id).await.unwrap();
        let permit = owner.permit::<ResetFactors>().await;
        let asked = factor_reset::reset(&db.store, &permit, member.id, None).await;
        assert!(matches!(asked, Err(Error::Limited { .. })), "{asked:?}");
        verified(&db).await;
    }

    async fn codes_of_somebody_else_prove_nothing(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        begin(&acme.owner(), NUMBER).await.unwrap();
        let codes = both(&acme).await;
        let other = acme.user(Role::Auditor).await;
        assert!(is_wrong(&verify(&other, codes.clone()).await), "without a check of their own");
        begin(&other, "+61491570157").await.unwrap();
        assert!(is_wrong(&verify(&other, codes).await), "and with one");
    }

    async fn of_two_answers_at_once_exactly_one_wins(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let codes = both(&acme).await;
        let (other, gate) = (db.another_if_several().await, Arc::new(tokio::sync::Barrier::new(2)));
        let mut tasks = tokio::task::JoinSet::new();
        for store in [db.store.clone(), other] {
            store.decide_outbox(db.store.outbox());
            let permit = owner.try_permit_from::<ChangeMyProofs>(&store).await.unwrap();
            let (codes, gate) = (codes.clone(), Arc::clone(&gate));
            tasks.spawn(async move {
                gate.wait().await;
                phones::verify(&store, &permit, codes).await.is_ok()
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!((won, times(&db, &acme, "phone.verified").await), (1, 1));
        verified(&db).await;
    }

    async fn person_who_changes_their_number_is_told_at_both_ends(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        verify(&owner, both(&acme).await).await.unwrap();
        assert!(matches!(begin(&owner, NUMBER).await, Err(Error::Conflict(_))), "it is used already");
        begin(&owner, "+61 491 570 157").await.unwrap();
        assert_eq!(number(&owner).await.as_deref(), Some(NUMBER), "until both codes have come back");
        verify(&owner, both(&acme).await).await.unwrap();
        assert_eq!(number(&owner).await.as_deref(), Some("+61491570157"));
        let listed = mail::list(&mut db.store.read(&acme.job()).await.unwrap(), None, None).await.unwrap().items;
        let mut told: Vec<_> = listed
            .into_iter()
            .filter(|listed| listed.mail.kind == MailKind::PhoneChanged)
            .map(|listed| listed.mail.to)
            .collect();
        told.sort();
        assert_eq!(told, [NUMBER, "owner@acme.example", "owner@acme.example"]);
        verified(&db).await;
    }

    async fn another_number_in_between_makes_the_first_codes_worthless(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let first = both(&acme).await;
        db.clock.advance(Span::seconds(1));
        begin(&owner, "+61491570157").await.unwrap();
        assert!(is_wrong(&verify(&owner, first).await));
        verify(&owner, both(&acme).await).await.unwrap();
        assert_eq!(number(&owner).await.as_deref(), Some("+61491570157"));
    }

    async fn one_number_and_one_person_get_only_so_many_codes_a_day(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        for _ in 0..PER_DAY {
            begin(&owner, NUMBER).await.unwrap();
        }
        assert!(matches!(begin(&owner, NUMBER).await, Err(Error::Limited { .. })), "the number");
        let other = acme.user(Role::Auditor).await;
        assert!(matches!(begin(&other, NUMBER).await, Err(Error::Limited { .. })), "whoever asks");
        assert!(matches!(begin(&owner, "+61491570157").await, Err(Error::Limited { .. })), "the person");
        begin(&other, "+61491570157").await.unwrap();
    }

    async fn person_without_messages_names_no_number_and_may_still_remove_theirs(db: Db) {
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        assert!(matches!(begin(&owner, NUMBER).await, Err(Error::Conflict(_))));
        let codes = Codes { message: "00000000".into(), letter: "00000000".into() };
        assert!(matches!(verify(&owner, codes).await, Err(Error::Conflict(_))));
        let permit = owner.permit::<ChangeMyProofs>().await;
        assert!(matches!(phones::remove(&db.store, &permit).await, Err(Error::NotFound)));
    }

    async fn removing_takes_the_number_that_waits_along(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        let permit = owner.permit::<ChangeMyProofs>().await;
        phones::remove(&db.store, &permit).await.unwrap();
        let listed = mail::list(&mut db.store.read(&acme.job()).await.unwrap(), None, None).await.unwrap().items;
        assert!(listed.iter().all(|listed| listed.mail.state == MailState::GivenUp), "its codes are taken back");
        assert!(matches!(phones::remove(&db.store, &permit).await, Err(Error::NotFound)));
        verified(&db).await;
    }

    async fn erasing_somebody_leaves_no_number(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        begin(&owner, NUMBER).await.unwrap();
        verify(&owner, both(&acme).await).await.unwrap();
        begin(&owner, "+61491570157").await.unwrap();
        db.store
            .change(&acme.job(), async |tx| {
                let before = users::lock(tx, owner.id()).await?;
                phones::erase(tx, before.id).await?;
                let mut after = before.clone();
                after.name = "Erased".to_owned();
                let written = users::replace(tx, before, after).await?;
                Ok::<_, Error>(tx.record(Event::new("user.erased", &written)?, ()))
            })
            .await
            .unwrap();
        let permit = owner.permit::<ChangeMyProofs>().await;
        let mine = phones::mine(&db.store, &permit).await.unwrap();
        assert!(mine.verified.is_none() && mine.waiting.is_none());
        verified(&db).await;
    }
}
