//! An invitation is worth what its inviter could give at the moment in which somebody joins.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus},
    ids::InvitationId,
    role::Role,
    rule::{AssignRole, CreateApiKey, DisableUser, GrantPermission, Invite, ResendInvitation, SignIn},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    invitations::{self, Joining, NewInvitation, Reminders},
    users::{self, NewGrant},
};
use bailiwick_store::{Credential, Event, Permit, Scope, audit};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::{
    api_key::ApiKey as Secret,
    token::{InvitationToken, SessionToken},
};

use crate::support::{HOME, opens, records, request, room_of, times, try_sign_in, verified};

const CHOSEN: &str = "a password of my own";

async fn invite(db: &Db, permit: &Permit<Invite>, email: &str, role: Role) -> Invitation {
    let new = NewInvitation { email: email.into(), role: role.name().into(), expires_at: None };
    invitations::create(&db.store, permit, new).await.unwrap()
}

/// Invites with a permit that is worth nothing any more.
async fn is_stopped(db: &Db, late: &Permit<Invite>) {
    let new = NewInvitation {
        email: "third@acme.example".into(),
        role: Role::TenantOwner.name().into(),
        expires_at: None,
    };
    let outcome = invitations::create(&db.store, late, new).await;
    assert!(
        matches!(outcome, Err(Error::Conflict(text)) if text.contains("nothing was done")),
        "{outcome:?}"
    );
}

/// The link of the newest letter that arrives now.
async fn link(db: &Db) -> InvitationToken {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    let messages = mailbox.messages();
    let link =
        messages.iter().map(|kept| &kept.message.content.link).find(|link| link.contains("/join/")).unwrap();
    InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap()
}

async fn join(db: &Db, token: &InvitationToken) -> Result<SessionToken, Error> {
    let joining = Joining { name: "Nina New".into(), password: CHOSEN.into() };
    invitations::accept(&db.store, &db.hasher, &db.nobody::<SignIn>(HOME).await, token, joining).await
}

/// Nobody joins by this link, which is told and recorded as for any other that does not work.
async fn dead(db: &Db, acme: &Tenant, token: &InvitationToken) {
    let nobody = db.nobody::<SignIn>(HOME).await;
    assert!(invitations::look(&db.store, &nobody, token).await.unwrap().is_none());
    let before = times(db, acme, "request.refused").await;
    let outcome = join(db, token).await;
    assert!(matches!(outcome, Err(Error::Conflict(text)) if text == invitations::DEAD), "{outcome:?}");
    assert_eq!(times(db, acme, "request.refused").await, before + 1);
}

async fn status(acme: &Tenant, id: InvitationId) -> InvitationStatus {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    bailiwick_store::invitations::find(&mut view, id).await.unwrap().status(acme.db.store.now())
}

/// Whether the log says of this invitation that it was taken back, and why.
async fn revoked_because(acme: &Tenant, id: InvitationId, why: &str) -> bool {
    let rows = records(&acme.db, acme.id()).await;
    let revoked = |row: &&audit::Listed| row.entity_id == id.uuid() && row.action == "invitation.revoked";
    let Some(row) = rows.iter().find(revoked) else { return false };
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    let bytes = audit::event_page(&mut view, row.event).await.unwrap().bytes;
    bytes.contains(why)
}

async fn assign(acme: &Tenant, actor: &Actor, role: Role) {
    let permit = acme.owner().permit::<AssignRole>().await;
    users::assign_role(&acme.db.store, &permit, actor.id(), role.name()).await.unwrap();
}

async fn disable(acme: &Tenant, actor: &Actor) {
    let permit = acme.owner().permit::<DisableUser>().await;
    users::disable(&acme.db.store, &permit, actor.id()).await.unwrap();
}

both_databases! {
    async fn owner_who_was_demoted_leaves_no_owner_behind(db: Db) {
        let acme = db.tenant("acme").await;
        // The first owner invites a second one, who joins and invites a third.
        invite(&db, &acme.owner().permit::<Invite>().await, "second@acme.example", Role::TenantOwner).await;
        let session = join(&db, &link(&db).await).await.unwrap();
        let second = opens(&db, &session).await.unwrap().caller().unwrap().user.id;
        let permit: Permit<Invite> = db.store.gate().admit(Credential::Session(session), request(&db, HOME)).await.unwrap();
        let third = invite(&db, &permit, "third@acme.example", Role::TenantOwner).await;
        let token = link(&db).await;
        let within = invite(&db, &permit, "auditor@acme.example", Role::Auditor).await;
        let fitting = link(&db).await;
        users::assign_role(&db.store, &acme.owner().permit::<AssignRole>().await, second, "auditor").await.unwrap();
        dead(&db, &acme, &token).await;
        assert!(try_sign_in(&db, HOME, "third@acme.example", CHOSEN).await.is_err());
        assert_eq!(status(&acme, third.id).await, InvitationStatus::Revoked);
        assert!(revoked_because(&acme, third.id, "the inviter's role changed").await);
        // What an auditor holds, they still can give.
        assert_eq!(status(&acme, within.id).await, InvitationStatus::Pending);
        join(&db, &fitting).await.unwrap();
        verified(&db).await;
    }

    async fn invitations_of_somebody_who_is_disabled_end_with_their_letters(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let permit = second.permit::<Invite>().await;
        let sent = invite(&db, &permit, "third@acme.example", Role::SupportCoordinator).await;
        let token = link(&db).await;
        let waiting = invite(&db, &permit, "fourth@acme.example", Role::Auditor).await;
        let others = invite(&db, &acme.owner().permit::<Invite>().await, "fifth@acme.example", Role::Auditor).await;
        disable(&acme, &second).await;
        for id in [sent.id, waiting.id] {
            assert_eq!(status(&acme, id).await, InvitationStatus::Revoked);
            assert!(revoked_because(&acme, id, "the inviter was disabled").await);
        }
        dead(&db, &acme, &token).await;
        assert_eq!(times(&db, &acme, "mail.withdrawn").await, 1, "the letter that had not left yet");
        assert_eq!(status(&acme, others.id).await, InvitationStatus::Pending);
        join(&db, &link(&db).await).await.unwrap();
        verified(&db).await;
    }

    async fn invitations_beyond_a_hundred_are_taken_back_too(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let permit = second.permit::<Invite>().await;
        for number in 0..102 {
            invite(&db, &permit, &format!("person{number}@acme.example"), Role::Auditor).await;
        }
        disable(&acme, &second).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let tally = bailiwick_store::invitations::tally(&mut view).await.unwrap();
        assert_eq!((tally.pending, tally.revoked), (0, 102));
    }

    async fn request_past_the_gate_invites_nobody_for_somebody_disabled_meanwhile(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let late = second.permit::<Invite>().await;
        disable(&acme, &second).await;
        is_stopped(&db, &late).await;
        db.clock.advance(Span::days(12));
        let before = records(&db, acme.id()).await.len();
        assert_eq!(Reminders::new(db.store.clone(), db.jobs()).round().await.unwrap(), 0);
        assert_eq!(records(&db, acme.id()).await.len(), before, "nothing to say in every round");
        verified(&db).await;
    }

    async fn request_past_the_gate_invites_nobody_for_somebody_demoted_meanwhile(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let late = second.permit::<Invite>().await;
        assign(&acme, &second, Role::Auditor).await;
        is_stopped(&db, &late).await;
        // What they may do has changed twice since: the request is none of the person that they are now.
        assign(&acme, &second, Role::TenantOwner).await;
        is_stopped(&db, &late).await;
        invite(&db, &second.permit().await, "third@acme.example", Role::TenantOwner).await;
        join(&db, &link(&db).await).await.unwrap();
        verified(&db).await;
    }

    async fn denied_permission_takes_back_what_needs_it(db: Db) {
        let acme = db.tenant("acme").await;
        let manager = acme.user(Role::OperationsManager).await;
        let made = invite(&db, &manager.permit::<Invite>().await, "third@acme.example", Role::SupportCoordinator).await;
        let token = link(&db).await;
        let catalogue = db.store.catalogue();
        let permission = catalogue.names(catalogue.role_set(Role::SupportCoordinator))[0].to_owned();
        let denial = NewGrant { permission, effect: "deny".into(), reason: "under investigation".into(), expires_at: None };
        users::grant(&db.store, &acme.owner().permit::<GrantPermission>().await, manager.id(), denial).await.unwrap();
        assert_eq!(status(&acme, made.id).await, InvitationStatus::Revoked);
        assert!(revoked_because(&acme, made.id, "the inviter's permissions changed").await);
        dead(&db, &acme, &token).await;
        verified(&db).await;
    }

    async fn whoever_sends_an_invitation_again_answers_for_it(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let made = invite(&db, &second.permit::<Invite>().await, "third@acme.example", Role::TenantOwner).await;
        assert_eq!(made.invited_by, Some(second.id()));
        let sent = invitations::resend(&db.store, &acme.owner().permit::<ResendInvitation>().await, made.id).await.unwrap();
        assert_eq!(sent.invited_by, Some(acme.owner().id()));
        let token = link(&db).await;
        disable(&acme, &second).await;
        assert_eq!(status(&acme, made.id).await, InvitationStatus::Pending);
        join(&db, &token).await.unwrap();
        verified(&db).await;
    }

    async fn invitation_of_a_key_ends_with_its_maker(db: Db) {
        let acme = db.tenant("acme").await;
        let second = acme.user(Role::TenantOwner).await;
        let catalogue = db.store.catalogue();
        let scopes = catalogue.names(catalogue.role_set(Role::TenantOwner)).into_iter().map(str::to_owned).collect();
        let new = NewApiKey { name: "Sync".into(), scopes, expires_at: None, tag: None, ..NewApiKey::default() };
        let (_, secret) = api_keys::create(&db.store, &second.permit::<CreateApiKey>().await, new).await.unwrap();
        let key = Credential::Key(Secret::parse(secret.expose()).unwrap().hash());
        let permit: Permit<Invite> = db.store.gate().admit(key, request(&db, HOME)).await.unwrap();
        let made = invite(&db, &permit, "third@acme.example", Role::Auditor).await;
        assert_eq!(made.invited_by, Some(second.id()));
        let token = link(&db).await;
        disable(&acme, &second).await;
        assert_eq!(status(&acme, made.id).await, InvitationStatus::Revoked);
        dead(&db, &acme, &token).await;
    }

    async fn invitation_of_the_server_itself_depends_on_nobody(db: Db) {
        let acme = db.tenant("acme").await;
        let token = InvitationToken::generate(&acme.id().bytes(), db.store.entropy());
        let hash = token.hash();
        db.store
            .change(&acme.job(), async |tx| {
                let invitation = Invitation {
                    id: db.store.new_id(),
                    email: "third@acme.example".into(),
                    role: Role::TenantOwner.into(),
                    invited_by: None,
                    state: InvitationState::Open,
                    sends: 1,
                    sent_at: tx.now(),
                    reminded_at: None,
                    created_at: tx.now(),
                    expires_at: tx.now() + Span::days(14),
                };
                let written = bailiwick_store::invitations::insert(tx, invitation, &hash).await?;
                let event = Event::new("user.invited", &written)?;
                Ok::<_, bailiwick_store::Error>(tx.record(event, ()))
            })
            .await
            .unwrap();
        join(&db, &token).await.unwrap();
        verified(&db).await;
    }
}
