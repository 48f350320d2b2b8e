//! Invitations.

use bailiwick_domain::{
    entity::InvitationStatus,
    rule::{Invite, ReadInvitations, RevokeInvitation},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    invitations::{self, NewInvitation},
};
use bailiwick_store::posture;
use bailiwick_testkit::{Db, both_databases};

use crate::support::verified;

fn invite(email: &str, expires_at: Option<Timestamp>) -> NewInvitation {
    NewInvitation { email: email.into(), role: "auditor".into(), expires_at }
}

async fn pending(db: &Db, acme: &bailiwick_testkit::Tenant) -> i64 {
    let mut view = db.store.read(&acme.owner().permit::<ReadInvitations>().await).await.unwrap();
    posture::counts(&mut view).await.unwrap().pending_invitations
}

both_databases! {
    async fn invitation_waits_lapses_and_can_be_sent_anew(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<Invite>().await;
        let ends = db.store.now() + Span::minutes(20);
        let first = invitations::create(&db.store, &permit, invite(" New@Acme.example ", Some(ends))).await.unwrap();
        assert_eq!(first.email, "new@acme.example");
        assert_eq!(first.invited_by, Some(acme.owner().id()));
        assert_eq!((first.status(db.store.now()), pending(&db, &acme).await), (InvitationStatus::Pending, 1));
        let second = invitations::create(&db.store, &permit, invite("new@acme.example", None)).await;
        assert!(matches!(&second, Err(Error::Invalid(fields)) if fields[0].field == "email"), "{second:?}");
        db.clock.advance(Span::minutes(20));
        assert_eq!((first.status(db.store.now()), pending(&db, &acme).await), (InvitationStatus::Expired, 0));
        let anew = invitations::create(&db.store, &permit, invite("new@acme.example", None)).await.unwrap();
        assert_eq!(anew.expires_at, db.store.now() + Span::days(14), "as the policy says");
        verified(&db).await;
    }

    async fn revoked_invitation_is_revoked_for_good(db: Db) {
        let acme = db.tenant("acme").await;
        let made = invitations::create(&db.store, &acme.owner().permit::<Invite>().await, invite("new@acme.example", None)).await.unwrap();
        let permit = acme.owner().permit::<RevokeInvitation>().await;
        let revoked = invitations::revoke(&db.store, &permit, made.id).await.unwrap();
        assert_eq!((revoked.status(db.store.now()), pending(&db, &acme).await), (InvitationStatus::Revoked, 0));
        assert!(matches!(invitations::revoke(&db.store, &permit, made.id).await, Err(Error::Conflict(_))));
        verified(&db).await;
    }

    async fn what_cannot_be_an_invitation_is_told_by_its_field(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<Invite>().await;
        let now = db.store.now();
        for (new, field) in [
            (invite("not an address", None), "email"),
            (invite("owner@acme.example", None), "email"),
            (invite("new@acme.example", Some(now)), "expires_at"),
            (invite("new@acme.example", Some(now + Span::days(91))), "expires_at"),
            (NewInvitation { role: "emperor".into(), ..invite("new@acme.example", None) }, "role"),
        ] {
            let outcome = invitations::create(&db.store, &permit, new).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == field), "{field}: {outcome:?}");
        }
    }

    async fn invitation_of_another_organisation_is_not_found(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let made = invitations::create(&db.store, &acme.owner().permit::<Invite>().await, invite("new@acme.example", None)).await.unwrap();
        let outcome = invitations::revoke(&db.store, &globex.owner().permit::<RevokeInvitation>().await, made.id).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
        assert_eq!(pending(&db, &acme).await, 1);
    }
}
