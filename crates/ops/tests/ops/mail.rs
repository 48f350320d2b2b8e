//! Letters: written with the change, handed on by the mail room.

use std::sync::{Arc, Mutex};

use bailiwick_domain::{
    entity::{MailFault, MailState},
    role::Role,
    rule::{Invite, RevokeInvitation},
    time::Span,
};
use bailiwick_mail::{Mailbox, Message, Nowhere, Sending, Transport};
use bailiwick_ops::{
    Error,
    invitations::{self, NewInvitation},
    mail::RoundError,
};
use bailiwick_store::{
    Outbox,
    mail::{self, Listed},
};
use bailiwick_testkit::{Db, Tenant, both_databases};

use crate::{
    raised::raised,
    support::{log, room_of, verified},
};

/// A server that answers as its script says, the last answer for ever.
#[derive(Clone)]
struct Scripted {
    answers: Arc<Mutex<Vec<Result<(), MailFault>>>>,
    ids: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(answers: &[Result<(), MailFault>]) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.iter().rev().copied().collect())), ids: Arc::default() }
    }
    fn asked(&self) -> usize {
        self.ids.lock().unwrap().len()
    }
}

impl Transport for Scripted {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        self.ids.lock().unwrap().push(message.id.to_string());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop().unwrap() } else { answers[0] };
        Box::pin(async move { answer })
    }
}

async fn invite(tenant: &Tenant, email: &str) -> bailiwick_domain::entity::Invitation {
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
    invitations::create(&tenant.db.store, &tenant.owner().permit::<Invite>().await, new).await.unwrap()
}

async fn letters(tenant: &Tenant) -> Vec<Listed> {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    mail::list(&mut view, None, None).await.unwrap().items
}

async fn only(tenant: &Tenant) -> Listed {
    let mut letters = letters(tenant).await;
    assert_eq!(letters.len(), 1);
    letters.remove(0)
}

/// What the log says of letters.
async fn actions(db: &Db, tenant: &Tenant) -> Vec<String> {
    log(db, tenant)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .filter(|action| action.starts_with("mail."))
        .collect()
}

both_databases! {
    async fn invited_person_gets_one_letter_with_the_link_and_the_log_says_so(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let waiting = only(&acme).await;
        assert_eq!((waiting.mail.to.as_str(), waiting.mail.state, waiting.attempts), ("new@acme.example", MailState::Waiting, 0));
        // Records of one moment have no order among themselves.
        db.clock.advance(Span::seconds(1));
        let mailbox = Mailbox::default();
        let room = room_of(&db, &db.store, Arc::new(mailbox.clone()));
        assert_eq!(room.round().await.unwrap(), 1);
        assert_eq!(room.round().await.unwrap(), 0, "once");
        let message = mailbox.messages().remove(0).message;
        assert_eq!(message.to.as_str(), "new@acme.example");
        assert!(message.content.text.contains("\u{201c}Olive acme\u{201d} invites you to acme Pty Ltd"), "{}", message.content.text.as_str());
        assert!(message.content.link.starts_with("https://bailiwick.test/join/"));
        let sent = only(&acme).await;
        assert_eq!((sent.mail.state, sent.attempts, sent.fault), (MailState::Sent, 1, None));
        assert_eq!(actions(&db, &acme).await, ["mail.written", "mail.sent"]);
        verified(&db).await;
    }

    async fn a_settled_letter_has_nothing_left_to_read(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let job = acme.job();
        room_of(&db, &db.store, Arc::new(Mailbox::default())).round().await.unwrap();
        let id = only(&acme).await.mail.id;
        assert!(mail::claim(&db.store, &job, id).await.unwrap().is_none(), "it cannot be taken again");
    }

    async fn without_mail_set_up_letters_wait(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        assert_eq!(room_of(&db, &db.store, Arc::new(Nowhere)).round().await.unwrap(), 0);
        assert_eq!((only(&acme).await.attempts, only(&acme).await.mail.state), (0, MailState::Waiting));
    }

    async fn a_server_that_is_down_is_tried_later_and_later_until_the_last_day(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let server = Scripted::new(&[Err(MailFault::Unreachable)]);
        let room = room_of(&db, &db.store, Arc::new(server.clone()));
        assert!(matches!(room.round().await, Err(RoundError::Server(MailFault::Unreachable))));
        let waiting = only(&acme).await;
        assert_eq!((waiting.attempts, waiting.fault), (1, Some(MailFault::Unreachable)));
        assert_eq!(waiting.next_attempt_at, db.store.now() + Span::minutes(1));
        assert_eq!(room.round().await.unwrap(), 0, "not before its time");
        let mut rounds = 1;
        while only(&acme).await.mail.state == MailState::Waiting {
            db.clock.set(only(&acme).await.next_attempt_at);
            assert!(room.round().await.is_err());
            rounds += 1;
        }
        let given_up = only(&acme).await;
        assert_eq!((given_up.mail.state, given_up.mail.fault), (MailState::GivenUp, Some(MailFault::Unreachable)));
        assert_eq!((server.asked(), given_up.attempts), (rounds, i64::try_from(rounds).unwrap()));
        assert!(given_up.mail.settled_at.unwrap() > given_up.mail.created_at + Span::days(4));
        assert_eq!(actions(&db, &acme).await, ["mail.written", "mail.given_up"]);
        assert_eq!(raised(&acme, "mail.given_up").await, 1);
        verified(&db).await;
    }

    async fn a_server_that_comes_back_gets_the_letter(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let server = Scripted::new(&[Err(MailFault::SignIn), Err(MailFault::Postponed), Ok(())]);
        let room = room_of(&db, &db.store, Arc::new(server.clone()));
        assert!(room.round().await.is_err());
        db.clock.advance(Span::minutes(1));
        assert_eq!(room.round().await.unwrap(), 0);
        db.clock.advance(Span::minutes(2));
        assert_eq!(room.round().await.unwrap(), 1);
        assert_eq!((only(&acme).await.attempts, only(&acme).await.mail.state), (3, MailState::Sent));
        let ids = server.ids.lock().unwrap().clone();
        assert!(ids.iter().all(|id| *id == ids[0]), "one id for every attempt: {ids:?}");
    }

    async fn a_refused_recipient_is_given_up_at_once_and_holds_up_nobody(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "nobody@acme.example").await;
        db.clock.advance(Span::seconds(1));
        invite(&acme, "new@acme.example").await;
        let room = room_of(&db, &db.store, Arc::new(Scripted::new(&[Err(MailFault::Refused), Ok(())])));
        assert_eq!(room.round().await.unwrap(), 1);
        let states: Vec<_> = letters(&acme).await.into_iter().map(|letter| (letter.mail.to, letter.mail.state)).collect();
        assert_eq!(states, [("new@acme.example".to_owned(), MailState::Sent), ("nobody@acme.example".to_owned(), MailState::GivenUp)]);
    }

    async fn a_crash_while_handing_on_leads_to_another_attempt_under_the_same_id(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        // The process took the letter, handed it on, and was gone before it said so.
        let id = only(&acme).await.mail.id;
        let taken = mail::claim(&db.store, &acme.job(), id).await.unwrap().unwrap();
        assert_eq!(taken.attempt, 1);
        let mailbox = Mailbox::default();
        let room = room_of(&db, &db.another_if_several().await, Arc::new(mailbox.clone()));
        assert_eq!(room.round().await.unwrap(), 0, "it is still the other's");
        db.clock.advance(Span::minutes(10));
        assert_eq!(room.round().await.unwrap(), 1);
        assert_eq!(mailbox.messages()[0].message.id.as_str(), format!("<{id}@bailiwick.test>"));
        // Had the first process only been slow, it would change nothing any more.
        mail::postpone(&db.store, &acme.job(), &taken, MailFault::Unreachable, db.store.now()).await.unwrap();
        assert_eq!(only(&acme).await.mail.state, MailState::Sent);
    }

    async fn two_mail_rooms_send_each_letter_once(db: Db) {
        let acme = db.tenant("acme").await;
        for n in 0..12 {
            invite(&acme, &format!("new{n}@acme.example")).await;
        }
        let mailbox = Mailbox::default();
        let rooms = [room_of(&db, &db.store, Arc::new(mailbox.clone())), room_of(&db, &db.another_if_several().await, Arc::new(mailbox.clone()))];
        let mut tasks = tokio::task::JoinSet::new();
        for room in rooms {
            tasks.spawn(async move { room.round().await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 12);
        assert_eq!(mailbox.messages().len(), 12);
        verified(&db).await;
    }

    async fn a_change_that_is_undone_writes_no_letter(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let new = NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: None };
        invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap_err();
        only(&acme).await;
    }

    async fn a_revoked_invitation_takes_its_waiting_letter_back(db: Db) {
        let acme = db.tenant("acme").await;
        let invitation = invite(&acme, "new@acme.example").await;
        invitations::revoke(&db.store, &acme.owner().permit::<RevokeInvitation>().await, invitation.id).await.unwrap();
        let mailbox = Mailbox::default();
        assert_eq!(room_of(&db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap(), 0);
        assert!(mailbox.messages().is_empty());
        assert_eq!(only(&acme).await.mail.fault, Some(MailFault::Withdrawn));
    }

    async fn one_address_gets_only_so_many_letters_a_day(db: Db) {
        let acme = db.tenant("acme").await;
        let (permit, revoke) = (acme.owner().permit::<Invite>().await, acme.owner().permit::<RevokeInvitation>().await);
        let new = || NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: None };
        for _ in 0..db.store.outbox().per_recipient {
            let made = invitations::create(&db.store, &permit, new()).await.unwrap();
            invitations::revoke(&db.store, &revoke, made.id).await.unwrap();
        }
        let outcome = invitations::create(&db.store, &permit, new()).await;
        assert!(matches!(outcome, Err(Error::Limited { .. })), "{outcome:?}");
        invite(&acme, "another@acme.example").await;
        db.clock.advance(Span::hours(24));
        invitations::create(&db.store, &acme.user(Role::TenantOwner).await.permit::<Invite>().await, new()).await.unwrap();
    }

    async fn tags_make_no_other_mailbox_of_an_address(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<Invite>().await;
        let new = |email: String| NewInvitation { email, role: "auditor".into(), expires_at: None };
        for n in 0..db.store.outbox().per_recipient {
            invitations::create(&db.store, &permit, new(format!("victim+{n}@acme.example"))).await.unwrap();
        }
        for beyond in ["victim+more@acme.example", "victim@ACME.example"] {
            let outcome = invitations::create(&db.store, &permit, new(beyond.into())).await;
            assert!(matches!(outcome, Err(Error::Limited { .. })), "{beyond}: {outcome:?}");
        }
        invite(&acme, "another+victim@acme.example").await;
    }

    async fn the_operator_decides_how_many_letters_an_organisation_causes(db: Db) {
        db.store.decide_outbox(Outbox { per_organisation: 2, per_recipient: 1, ..Outbox::default() });
        let acme = db.tenant("acme").await;
        let (permit, revoke) = (acme.owner().permit::<Invite>().await, acme.owner().permit::<RevokeInvitation>().await);
        let new = |email: &str| NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
        let first = invitations::create(&db.store, &permit, new("a@acme.example")).await.unwrap();
        invitations::revoke(&db.store, &revoke, first.id).await.unwrap();
        let again = invitations::create(&db.store, &permit, new("a@acme.example")).await;
        assert!(matches!(again, Err(Error::Limited { .. })), "one to an address: {again:?}");
        invitations::create(&db.store, &permit, new("b@acme.example")).await.unwrap();
        let third = invitations::create(&db.store, &permit, new("c@acme.example")).await;
        assert!(matches!(third, Err(Error::Limited { .. })), "two in all: {third:?}");
        let globex = db.tenant("globex").await;
        invite(&globex, "c@acme.example").await;
    }

    async fn letters_of_a_suspended_organisation_stay(db: Db) {
        let platform = db.platform().await;
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        platform.suspend(acme.id()).await;
        let room = room_of(&db, &db.store, Arc::new(Mailbox::default()));
        assert_eq!(room.round().await.unwrap(), 0);
    }
}
