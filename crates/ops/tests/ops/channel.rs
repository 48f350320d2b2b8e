//! One-time codes on their way to a phone: the outbox, the signed webhook, and a gateway on a real socket.

use std::{sync::Arc, time::Duration};

use bailiwick_domain::{
    entity::{MailChannel, MailFault, MailKind, MailState},
    role::Role,
    rule::{ChangeMyProofs, Invite, ResetFactors},
    time::Span,
};
use bailiwick_mail::{Mailbox, Webhook, WebhookSettings};
use bailiwick_ops::{
    factor_reset, factors,
    invitations::{self, NewInvitation},
    mail::{Mailroom, RoundError},
    phones::{self, Codes},
    step_up::{Answer, Asked, Outcome},
};
use bailiwick_store::{
    Outbox, audit,
    mail::{self, Listed},
};
use bailiwick_testkit::{Actor, Db, Gateway, Reply, Tenant, both_databases};

use crate::support::{log, room_of, times, verified};

pub(crate) const NUMBER: &str = "+61491570156";

/// What the operator of these servers says.
pub(crate) fn sends_messages(db: &Db) {
    db.store.decide_outbox(Outbox { codes: MailChannel::Webhook, ..Outbox::default() });
}

/// A mail room with both ways, and the mailbox of the one.
fn room(db: &Db, gateway: &Gateway) -> (Mailroom, Mailbox) {
    let settings = WebhookSettings {
        url: gateway.url().parse().unwrap(),
        secret: gateway.secret().parse().unwrap(),
        authorities: None,
        timeout: Duration::from_secs(5),
    };
    let mailbox = Mailbox::default();
    let room = room_of(db, &db.store, Arc::new(mailbox.clone()));
    (room.and(Arc::new(Webhook::new(settings).unwrap())), mailbox)
}

/// The eight digits of the newest letter.
pub(crate) fn mailed(mailbox: &Mailbox) -> String {
    let text = mailbox.messages().first().unwrap().message.content.text.to_string();
    let (_, rest) = text.split_once("code: ").unwrap();
    rest.chars().filter(char::is_ascii_digit).take(8).collect()
}

/// Proves the number of somebody with what really arrived.
async fn proven(db: &Db, actor: &Actor, gateway: &Gateway, room: &Mailroom, mailbox: &Mailbox) {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let begun = phones::begin(&db.store, &permit, "+61 491 570 156").await.unwrap();
    assert_eq!((begun.number.as_str(), begun.address.as_str()), ("•••0156", "o•••@acme.example"));
    assert_eq!(room.round().await.unwrap(), 2, "one code to each");
    let message = gateway.deliveries().last().unwrap().clone();
    assert!(message.genuine && message.to() == NUMBER, "{message:?}");
    let codes = Codes { message: message.code(), letter: mailed(mailbox) };
    assert_ne!(codes.message, codes.letter, "two codes");
    phones::verify(&db.store, &permit, codes).await.unwrap();
    assert_eq!(room.round().await.unwrap(), 1, "the news, by mail");
}

/// Asks for a code, as an owner who is about to remove a lost factor.
async fn asked(acme: &Tenant, member: bailiwick_domain::ids::UserId) -> Asked {
    let permit = acme.owner().permit::<ResetFactors>().await;
    match factor_reset::reset(&acme.db.store, &permit, member, None).await.unwrap() {
        Outcome::Asked(asked) => asked,
        other => panic!("{other:?}"),
    }
}

async fn codes(acme: &Tenant) -> Vec<Listed> {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    let listed = mail::list(&mut view, None, None).await.unwrap().items;
    listed.into_iter().filter(|letter| letter.mail.kind == MailKind::StepUpCode).collect()
}

async fn with_a_factor(acme: &Tenant) -> bailiwick_domain::ids::UserId {
    let member = acme.add(Role::PlanManager).await;
    factors::totp_begin_for(&acme.db.store, &acme.job(), member.id).await.unwrap();
    member.id
}

both_databases! {
    async fn owner_confirms_with_the_code_that_arrived_at_their_phone(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let gateway = Gateway::start(&[Reply::Status(202)]).await;
        let (room, mailbox) = room(&db, &gateway);
        proven(&db, &acme.owner(), &gateway, &room, &mailbox).await;
        let member = with_a_factor(&acme).await;
        let letters = mailbox.messages().len();
        let asked = asked(&acme, member).await;
        assert_eq!((asked.sent_to.as_str(), asked.channel), ("•••0156", MailChannel::Webhook));
        assert_eq!(room.round().await.unwrap(), 1);
        assert_eq!(mailbox.messages().len(), letters, "none by mail");
        let message = gateway.deliveries().last().unwrap().clone();
        assert!(message.genuine && message.text().contains(&asked.digest), "{message:?}");
        assert!(message.text().contains("Remove the second factors of"), "{message:?}");
        let code = codes(&acme).await.remove(0);
        assert_eq!((code.mail.state, code.mail.channel, code.mail.shown_to().as_str()), (MailState::Sent, MailChannel::Webhook, "•••0156"));
        assert_eq!(message.id, code.mail.id.to_string());
        let answer = Answer { id: asked.id, code: message.code() };
        let permit = acme.owner().permit::<ResetFactors>().await;
        let done = factor_reset::reset(&db.store, &permit, member, Some(answer)).await.unwrap();
        assert!(matches!(done, Outcome::Done(_)), "{done:?}");
        let wrong = with_a_factor(&acme).await;
        let answer = Answer { id: asked.id, code: "00000000".into() };
        match factor_reset::reset(&db.store, &permit, wrong, Some(answer)).await.unwrap() {
            Outcome::Refused(asked) => assert_eq!(asked.sent_to, "•••0156"),
            other => panic!("{other:?}"),
        }
        verified(&db).await;
    }

    async fn a_gateway_that_stumbles_gets_the_message_again_under_the_same_id(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let steady = Gateway::start(&[Reply::Status(202)]).await;
        let (first, mailbox) = room(&db, &steady);
        proven(&db, &acme.owner(), &steady, &first, &mailbox).await;
        let gateway = Gateway::start(&[Reply::Status(500), Reply::Gone, Reply::Status(200)]).await;
        let (room, _) = room(&db, &gateway);
        let member = with_a_factor(&acme).await;
        asked(&acme, member).await;
        assert_eq!(room.round().await.unwrap(), 0);
        assert_eq!(codes(&acme).await[0].fault, Some(MailFault::Postponed));
        db.clock.advance(Span::minutes(1));
        assert!(matches!(room.round().await, Err(RoundError::Gateway(MailFault::Unreachable))));
        db.clock.advance(Span::minutes(2));
        assert_eq!(room.round().await.unwrap(), 1);
        let sent = gateway.deliveries();
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|one| one.genuine && one.id == sent[0].id && one.text() == sent[0].text()), "{sent:?}");
        assert!(sent[0].at < sent[1].at && sent[1].at < sent[2].at, "each attempt says its own time");
        assert_eq!((codes(&acme).await[0].mail.state, codes(&acme).await[0].attempts), (MailState::Sent, 3));
        verified(&db).await;
    }

    async fn a_message_that_is_refused_is_given_up_and_raises_an_event(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let steady = Gateway::start(&[Reply::Status(202)]).await;
        let (first, mailbox) = room(&db, &steady);
        proven(&db, &acme.owner(), &steady, &first, &mailbox).await;
        let gateway = Gateway::start(&[Reply::Status(422)]).await;
        let (room, _) = room(&db, &gateway);
        let member = with_a_factor(&acme).await;
        asked(&acme, member).await;
        assert_eq!(room.round().await.unwrap(), 0);
        let code = codes(&acme).await.remove(0);
        assert_eq!((code.mail.state, code.mail.fault), (MailState::GivenUp, Some(MailFault::Refused)));
        assert_eq!(times(&db, &acme, "mail.given_up").await, 1);
        db.clock.advance(Span::minutes(11));
        assert_eq!(room.round().await.unwrap(), 0);
        assert_eq!(gateway.deliveries().len(), 1, "once");
    }

    async fn a_gateway_that_is_down_holds_up_no_mail(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let steady = Gateway::start(&[Reply::Status(202)]).await;
        let (first, mailbox) = room(&db, &steady);
        proven(&db, &acme.owner(), &steady, &first, &mailbox).await;
        let gateway = Gateway::start(&[Reply::Gone]).await;
        let (room, mailbox) = room(&db, &gateway);
        let member = with_a_factor(&acme).await;
        asked(&acme, member).await;
        let new = NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
        assert!(matches!(room.round().await, Err(RoundError::Gateway(MailFault::Unreachable))));
        assert_eq!(mailbox.messages()[0].message.to.as_str(), "new@acme.example");
    }

    async fn somebody_without_a_number_gets_codes_by_mail(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let gateway = Gateway::start(&[Reply::Status(202)]).await;
        let (room, mailbox) = room(&db, &gateway);
        let member = with_a_factor(&acme).await;
        let asked = asked(&acme, member).await;
        assert_eq!((asked.sent_to.as_str(), asked.channel), ("o•••@acme.example", MailChannel::Mail));
        assert_eq!(room.round().await.unwrap(), 1);
        assert!(gateway.deliveries().is_empty() && mailed(&mailbox).len() == 8);
    }

    async fn nobody_finds_a_code_or_a_number_in_the_log(db: Db) {
        sends_messages(&db);
        let acme = db.tenant("acme").await;
        let gateway = Gateway::start(&[Reply::Status(202)]).await;
        let (room, mailbox) = room(&db, &gateway);
        proven(&db, &acme.owner(), &gateway, &room, &mailbox).await;
        let actions: Vec<_> = log(&db, &acme).await.into_iter().map(|(action, _)| action).collect();
        for action in ["phone_check.asked", "phone_check.approved", "phone.verified"] {
            assert_eq!(actions.iter().filter(|found| *found == action).count(), 1, "{action}");
        }
        db.settle().await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let found = audit::search(&mut view, &audit::Sought::default(), audit::Place::Newest).await.unwrap();
        for row in found.items {
            let bytes = audit::event_page(&mut view, row.event).await.unwrap().bytes;
            assert!(!bytes.contains("491570156") && !bytes.contains(&gateway.deliveries()[0].code()), "{bytes}");
        }
    }
}
