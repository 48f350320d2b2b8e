//! Answering an invitation by its link.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Invitation, InvitationStatus},
    role::Role,
    rule::{Invite, Me, ResendInvitation, RevokeInvitation, SignIn},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error,
    invitations::{self, Joining, NewInvitation, Reminders},
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::token::{InvitationToken, SessionToken};

use crate::support::{HOME, log, opens, room_of, try_sign_in, verified};

const CHOSEN: &str = "a password of my own";

async fn invite(tenant: &Tenant, email: &str) -> Invitation {
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
    invitations::create(&tenant.db.store, &tenant.owner().permit::<Invite>().await, new).await.unwrap()
}

/// The links that arrive in the mailbox now, the newest first.
async fn links(db: &Db) -> Vec<InvitationToken> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    let token = |link: &str| InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap();
    let messages = mailbox.messages();
    let links = messages.iter().map(|kept| &kept.message.content.link).filter(|link| link.contains("/join/"));
    links.map(|link| token(link)).collect()
}

async fn link(db: &Db) -> InvitationToken {
    links(db).await.remove(0)
}

async fn join(db: &Db, token: &InvitationToken, password: &str) -> Result<SessionToken, Error> {
    let joining = Joining { name: "Nina New".into(), password: password.into() };
    invitations::accept(&db.store, &db.hasher, &db.nobody::<SignIn>(HOME).await, token, joining).await
}

async fn status(tenant: &Tenant, id: bailiwick_domain::ids::InvitationId) -> InvitationStatus {
    let mut view = tenant.db.store.read(&tenant.job()).await.unwrap();
    let found = bailiwick_store::invitations::find(&mut view, id).await.unwrap();
    found.status(tenant.db.store.now())
}

#[track_caller]
fn dead<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("does not work any more")),
        "{outcome:?}"
    );
}

both_databases! {
    async fn invited_person_joins_in_the_role_and_is_signed_in(db: Db) {
        let acme = db.tenant("acme").await;
        let invitation = invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        let invited = invitations::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().unwrap();
        assert_eq!((invited.organisation.as_str(), invited.invitation.role), ("acme Pty Ltd", Role::Auditor.into()));
        let session = join(&db, &token, CHOSEN).await.unwrap();
        let permit = opens(&db, &session).await.unwrap();
        let user = &permit.caller().unwrap().user;
        assert_eq!((user.email.as_str(), user.name.as_str(), user.role), ("new@acme.example", "Nina New", Role::Auditor.into()));
        assert!(try_sign_in(&db, HOME, "new@acme.example", CHOSEN).await.is_ok());
        assert_eq!(status(&acme, invitation.id).await, InvitationStatus::Accepted);
        let actions: Vec<_> = log(&db, &acme).await.into_iter().map(|(action, _)| action).collect();
        for action in ["user.invited", "invitation.accepted", "user.created", "password.set", "session.created"] {
            assert!(actions.iter().any(|recorded| recorded == action), "{action} in {actions:?}");
        }
        verified(&db).await;
    }

    async fn invitation_accepted_by_several_at_once_lets_one_in(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (db, token) = (db.clone(), InvitationToken::parse(&token.expose()).unwrap());
            tasks.spawn(async move { (n, join(&db, &token, &format!("the password of racer {n}")).await) });
        }
        let outcomes = tasks.join_all().await;
        let winners: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).map(|(n, _)| *n).collect();
        assert_eq!(winners.len(), 1, "{outcomes:?}");
        for (_, outcome) in outcomes.into_iter().filter(|(_, outcome)| outcome.is_err()) {
            dead(outcome);
        }
        assert!(try_sign_in(&db, HOME, "new@acme.example", &format!("the password of racer {}", winners[0])).await.is_ok());
        verified(&db).await;
    }

    async fn a_link_works_once_and_its_reuse_is_recorded(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        join(&db, &token, CHOSEN).await.unwrap();
        let refusals = |log: &[(String, String)]| log.iter().filter(|(action, outcome)| action == "request.refused" && outcome == "failed").count();
        let before = refusals(&log(&db, &acme).await);
        dead(join(&db, &token, CHOSEN).await);
        dead(invitations::decline(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await);
        assert_eq!(refusals(&log(&db, &acme).await), before + 2);
        assert!(invitations::look(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap().is_none());
    }

    async fn expired_revoked_and_never_real_links_get_one_answer(db: Db) {
        let acme = db.tenant("acme").await;
        let first = invite(&acme, "first@acme.example").await;
        let revoked = link(&db).await;
        invitations::revoke(&db.store, &acme.owner().permit::<RevokeInvitation>().await, first.id).await.unwrap();
        dead(join(&db, &revoked, CHOSEN).await);
        invite(&acme, "second@acme.example").await;
        let expired = link(&db).await;
        db.clock.advance(Span::days(14));
        dead(join(&db, &expired, CHOSEN).await);
        let before = log(&db, &acme).await.len();
        dead(join(&db, &InvitationToken::generate(&acme.id().bytes(), db.store.entropy()), CHOSEN).await);
        dead(join(&db, &InvitationToken::generate(&[7; 16], db.store.entropy()), CHOSEN).await);
        assert_eq!(log(&db, &acme).await.len(), before, "whoever makes up links cannot fill a log");
        dead(join(&db, &expired, "short").await);
    }

    async fn weak_password_or_no_name_leaves_the_invitation_as_it_is(db: Db) {
        let acme = db.tenant("acme").await;
        let invitation = invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        let joining = Joining { name: " ".into(), password: "short".into() };
        let outcome = invitations::accept(&db.store, &db.hasher, &db.nobody::<SignIn>(HOME).await, &token, joining).await;
        assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields.len() == 2), "{outcome:?}");
        assert_eq!(status(&acme, invitation.id).await, InvitationStatus::Pending);
        join(&db, &token, CHOSEN).await.unwrap();
    }

    async fn declining_ends_the_invitation_and_makes_nobody(db: Db) {
        let acme = db.tenant("acme").await;
        let invitation = invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        invitations::decline(&db.store, &db.nobody::<SignIn>(HOME).await, &token).await.unwrap();
        assert_eq!(status(&acme, invitation.id).await, InvitationStatus::Declined);
        dead(join(&db, &token, CHOSEN).await);
        assert!(try_sign_in(&db, HOME, "new@acme.example", CHOSEN).await.is_err());
        invite(&acme, "new@acme.example").await;
        verified(&db).await;
    }

    async fn sending_again_keeps_the_row_and_replaces_the_link_and_the_end(db: Db) {
        let acme = db.tenant("acme").await;
        let invitation = invite(&acme, "new@acme.example").await;
        let old = link(&db).await;
        db.clock.advance(Span::days(20));
        assert_eq!(status(&acme, invitation.id).await, InvitationStatus::Expired);
        let again = acme.user(Role::TenantOwner).await;
        let sent = invitations::resend(&db.store, &again.permit::<ResendInvitation>().await, invitation.id).await.unwrap();
        assert_eq!((sent.id, sent.sends, sent.expires_at), (invitation.id, 2, db.store.now() + Span::days(14)));
        let new = link(&db).await;
        dead(join(&db, &old, CHOSEN).await);
        join(&db, &new, CHOSEN).await.unwrap();
        let answered = invitations::resend(&db.store, &again.permit::<ResendInvitation>().await, invitation.id).await;
        assert!(matches!(answered, Err(Error::Conflict(_))), "{answered:?}");
        verified(&db).await;
    }

    async fn nobody_sends_an_invitation_again_that_gives_more_than_they_have(db: Db) {
        let acme = db.tenant("acme").await;
        let new = NewInvitation { email: "new@acme.example".into(), role: "tenant_owner".into(), expires_at: None };
        let made = invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
        let manager = acme.user(Role::OperationsManager).await;
        let outcome = invitations::resend(&db.store, &manager.permit::<ResendInvitation>().await, made.id).await;
        assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    }

    async fn person_is_reminded_once_and_both_links_work(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, "new@acme.example").await;
        let first = link(&db).await;
        let reminders = Reminders::new(db.store.clone(), db.jobs());
        assert_eq!(reminders.round().await.unwrap(), 0, "not so early");
        db.clock.advance(Span::days(12));
        assert_eq!(reminders.round().await.unwrap(), 1);
        assert_eq!(reminders.round().await.unwrap(), 0, "once");
        let second = link(&db).await;
        assert!(first.hash() != second.hash());
        let nobody = db.nobody::<SignIn>(HOME).await;
        assert!(invitations::look(&db.store, &nobody, &first).await.unwrap().is_some());
        join(&db, &second, CHOSEN).await.unwrap();
        dead(join(&db, &first, CHOSEN).await);
        verified(&db).await;
    }

    async fn an_invitation_for_a_day_is_not_reminded_of(db: Db) {
        let acme = db.tenant("acme").await;
        let ends = Some(db.store.now() + Span::days(1));
        let new = NewInvitation { email: "new@acme.example".into(), role: "auditor".into(), expires_at: ends };
        invitations::create(&db.store, &acme.owner().permit::<Invite>().await, new).await.unwrap();
        assert_eq!(Reminders::new(db.store.clone(), db.jobs()).round().await.unwrap(), 0);
    }

    async fn link_of_a_suspended_organisation_is_dead(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        platform.suspend(acme.id()).await;
        dead(join(&db, &token, CHOSEN).await);
    }

    async fn somebody_signed_in_elsewhere_leaves_there(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        invite(&acme, "new@acme.example").await;
        let token = link(&db).await;
        let owner = globex.owner();
        let joining = Joining { name: "Nina New".into(), password: CHOSEN.into() };
        let session = invitations::accept(&db.store, &db.hasher, &owner.permit::<SignIn>().await, &token, joining).await.unwrap();
        assert_eq!(opens(&db, &session).await.unwrap().tenant(), Some(acme.id()));
        assert!(owner.try_permit::<Me>().await.is_err());
    }

    async fn owner_invites_many_and_reads_what_became_of_each(db: Db) {
        let acme = db.tenant("acme").await;
        let rows = invitations::rows("a@acme.example\nowner@acme.example\nb@acme.example,Tenant Owner\na@acme.example\nnot an address").unwrap();
        let manager = acme.user(Role::OperationsManager).await;
        let answered = invitations::create_many(&db.store, &manager.permit::<Invite>().await, rows, "support_coordinator", None).await.unwrap();
        let outcomes: Vec<_> = answered.iter().map(|row| row.outcome.as_ref().map(|made| made.role).map_err(String::as_str)).collect();
        assert_eq!(outcomes[0], Ok(Role::SupportCoordinator.into()));
        assert!(outcomes[1].unwrap_err().contains("here already"));
        assert!(outcomes[2].unwrap_err().contains("more permissions than you have"));
        assert!(outcomes[3].unwrap_err().contains("invitation waiting"));
        assert!(outcomes[4].unwrap_err().contains("Enter an e-mail address"));
        assert_eq!(links(&db).await.len(), 1);
        verified(&db).await;
    }
}
