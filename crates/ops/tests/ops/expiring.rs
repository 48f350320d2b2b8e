//! Invitations that nobody answered in time.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{InvitationStatus, Severity},
    ids::InvitationId,
    rule::{Invite, ReactivateTenant, ResendInvitation, RevokeInvitation, SignIn},
    time::Span,
};
use bailiwick_mail::Mailbox;
use bailiwick_ops::{
    Error,
    invitations::{self, Expiries, Joining, NewInvitation},
    tenants,
};
use bailiwick_store::{Store, audit, invitations as stored, security_events};
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::token::InvitationToken;
use serde_json::Value;

use crate::support::{HOME, records, room_of, times, verified};

const ADDRESS: &str = "late@acme.example";

async fn invite(acme: &Tenant, email: &str) -> InvitationId {
    let expires_at = Some(acme.db.store.now() + Span::minutes(5));
    let new = NewInvitation { email: email.into(), role: "auditor".into(), expires_at };
    let permit = acme.owner().permit::<Invite>().await;
    invitations::create(&acme.db.store, &permit, new).await.unwrap().id
}

async fn round(store: &Store, db: &Db) -> Result<usize, Error> {
    Expiries::new(store.clone(), db.jobs()).round().await
}

/// The links that arrive now.
async fn links(db: &Db) -> Vec<InvitationToken> {
    let mailbox = Mailbox::default();
    room_of(db, &db.store, Arc::new(mailbox.clone())).round().await.unwrap();
    let token = |link: &str| InvitationToken::parse(link.rsplit('/').next().unwrap()).unwrap();
    let messages = mailbox.messages();
    let links = messages.iter().map(|kept| &kept.message.content.link).filter(|link| link.contains("/join/"));
    links.map(|link| token(link)).collect()
}

/// Who expired by the list of that status, and how many by the count.
async fn expired(acme: &Tenant) -> (Vec<InvitationId>, i64) {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    let listed = stored::list_of(&mut view, InvitationStatus::Expired, None).await.unwrap().items;
    let tally = stored::tally(&mut view).await.unwrap();
    (listed.iter().map(|invitation| invitation.id).collect(), tally.expired)
}

async fn status(acme: &Tenant, id: InvitationId) -> InvitationStatus {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    stored::find(&mut view, id).await.unwrap().status(acme.db.store.now())
}

both_databases! {
    async fn owner_reads_that_an_invitation_expired_and_nothing_waited_for_the_record(db: Db) {
        let acme = db.tenant("acme").await;
        let id = invite(&acme, ADDRESS).await;
        assert_eq!(round(&db.store, &db).await.unwrap(), 0, "it waits");
        db.clock.advance(Span::minutes(5));
        assert_eq!(expired(&acme).await, (vec![id], 1), "its end is its end");
        assert_eq!(round(&db.store, &db).await.unwrap(), 1);
        assert_eq!(round(&db.store, &db).await.unwrap(), 0, "once");
        assert_eq!(expired(&acme).await, (vec![id], 1));
        assert!(links(&db).await.is_empty(), "the letter that waited does not leave");

        let recorded = records(&db, acme.id()).await;
        let row = recorded.iter().find(|row| row.action == "invitation.expired").unwrap();
        assert_eq!((row.actor_kind.as_str(), row.entity_id), ("system", id.uuid()));
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let bytes = audit::event_page(&mut view, row.event).await.unwrap().bytes;
        let record: Value = serde_json::from_str(&bytes).unwrap();
        let changes = record["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{bytes}");
        assert_eq!((&changes[0]["path"], &changes[0]["before"], &changes[0]["after"]), (&"/state".into(), &"open".into(), &"expired".into()));
        let raised = security_events::list(&mut view, None, 10).await.unwrap().items;
        let raised: Vec<_> = raised.iter().filter(|event| event.kind == "invitation.expired").collect();
        assert_eq!((raised.len(), raised[0].severity, raised[0].detail.as_str()), (1, Severity::Info, "Auditor invitation expired"));
        drop(view);
        verified(&db).await;
    }

    async fn expired_invitation_can_be_sent_again_taken_back_or_made_anew(db: Db) {
        let acme = db.tenant("acme").await;
        let again = invite(&acme, ADDRESS).await;
        let back = invite(&acme, "back@acme.example").await;
        let anew = invite(&acme, "anew@acme.example").await;
        links(&db).await;
        db.clock.advance(Span::minutes(5));
        assert_eq!(round(&db.store, &db).await.unwrap(), 3);
        let owner = acme.owner();
        invitations::resend(&db.store, &owner.permit::<ResendInvitation>().await, again).await.unwrap();
        assert_eq!(status(&acme, again).await, InvitationStatus::Pending);
        let joining = Joining { name: "Lara Late".into(), password: "seven quiet lanterns".into() };
        let nobody = db.nobody::<SignIn>(HOME).await;
        invitations::accept(&db.store, &db.hasher, &nobody, &links(&db).await.remove(0), joining).await.unwrap();
        invitations::revoke(&db.store, &owner.permit::<RevokeInvitation>().await, back).await.unwrap();
        invite(&acme, "anew@acme.example").await;
        assert_eq!(expired(&acme).await, (vec![anew], 1));
        assert_eq!((status(&acme, again).await, status(&acme, back).await), (InvitationStatus::Accepted, InvitationStatus::Revoked));
        verified(&db).await;
    }

    async fn of_several_servers_at_once_one_records_it(db: Db) {
        let acme = db.tenant("acme").await;
        invite(&acme, ADDRESS).await;
        db.clock.advance(Span::minutes(5));
        let another = db.another_if_several().await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..6 {
            let (db, store) = (db.clone(), if n % 2 == 0 { db.store.clone() } else { another.clone() });
            tasks.spawn(async move { round(&store, &db).await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 1);
        assert_eq!(times(&db, &acme, "invitation.expired").await, 1);
        assert_eq!(times(&db, &acme, "request.refused").await, 0, "whoever came second has done nothing wrong");
        verified(&db).await;
    }

    async fn invitations_of_a_suspended_organisation_are_recorded_when_it_is_served_again(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        invite(&acme, ADDRESS).await;
        platform.suspend(acme.id()).await;
        db.clock.advance(Span::minutes(5));
        assert_eq!(round(&db.store, &db).await.unwrap(), 0);
        let permit = platform.owner().permit::<ReactivateTenant>().await;
        tenants::reactivate(&db.store, &permit, acme.id(), "They paid.").await.unwrap();
        assert_eq!(round(&db.store, &db).await.unwrap(), 1);
    }

    async fn each_organisation_gets_its_own_record_also_of_who_was_reminded(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let new = |email: &str| NewInvitation { email: email.into(), role: "auditor".into(), expires_at: None };
        for (tenant, email) in [(&acme, ADDRESS), (&globex, "late@globex.example")] {
            invitations::create(&db.store, &tenant.owner().permit::<Invite>().await, new(email)).await.unwrap();
        }
        db.clock.advance(Span::days(13));
        assert_eq!(invitations::Reminders::new(db.store.clone(), db.jobs()).round().await.unwrap(), 2);
        db.clock.advance(Span::days(1));
        assert_eq!(round(&db.store, &db).await.unwrap(), 2);
        for tenant in [&acme, &globex] {
            assert_eq!(times(&db, tenant, "invitation.expired").await, 1);
        }
    }
}
