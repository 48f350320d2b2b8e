//! A change of rights holds from the next request on: nothing is cached.

use bailiwick_domain::{
    entity::Severity,
    role::Role,
    rule::{
        AssignRole, CreateApiKey, DisableUser, GrantPermission, Invite, Me, Public, ReactivateTenant,
        ReadAudit, ReadUsers, RevokeApiKey, SignIn,
    },
    time::Span,
};
use bailiwick_ops::{
    api_keys::{self, NewApiKey},
    sign_in, tenants,
    users::{self, NewGrant},
};
use bailiwick_store::{Actor as Who, Credential, Refusal, tenants as stored};
use bailiwick_testkit::both_databases;
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::support::{HOME, log, request, verified};

both_databases! {
    async fn new_role_and_lost_role_hold_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::SupportCoordinator).await;
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)));
        let permit = acme.owner().permit::<AssignRole>().await;
        users::assign_role(&db.store, &permit, user.id(), "auditor").await.unwrap();
        assert!(user.try_permit::<ReadAudit>().await.is_ok());
        users::assign_role(&db.store, &permit, user.id(), "support_coordinator").await.unwrap();
        assert!(matches!(user.try_permit::<ReadAudit>().await, Err(Refusal::Forbidden)));
        assert!(log(&db, &acme).await.contains(&("request.refused".into(), "denied".into())));
    }

    async fn grant_and_denial_hold_at_once_and_the_denial_wins(db: Db) {
        let acme = db.tenant("acme").await;
        let (user, owner) = (acme.user(Role::Auditor).await, acme.owner());
        let permit = owner.permit::<GrantPermission>().await;
        let new = |permission: &str, effect: &str| NewGrant { permission: permission.into(), effect: effect.into(), reason: "for a while".into(), expires_at: None };
        let granted = users::grant(&db.store, &permit, user.id(), new("invitation:create", "grant")).await.unwrap();
        assert!(user.try_permit::<Invite>().await.is_ok());
        users::remove_grant(&db.store, &permit, user.id(), granted.id).await.unwrap();
        assert!(user.try_permit::<Invite>().await.is_err());
        users::grant(&db.store, &permit, user.id(), new("user:read", "deny")).await.unwrap();
        assert!(user.try_permit::<ReadUsers>().await.is_err());
    }

    async fn disabled_user_is_refused_at_the_next_request_and_their_sessions_are_over(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        let permit = acme.owner().permit::<DisableUser>().await;
        users::disable(&db.store, &permit, user.id()).await.unwrap();
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::SignIn)));
        let sign_in = db.nobody::<SignIn>(HOME).await;
        let outcome = sign_in::password(&db.store, &db.hasher, &sign_in, &user.user.email, bailiwick_testkit::PASSWORD.into()).await;
        assert!(matches!(outcome, Err(bailiwick_ops::Error::Invalid(_))), "{outcome:?}");
        users::enable(&db.store, &permit, user.id()).await.unwrap();
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::SignIn)), "the old session stays ended");
        verified(&db).await;
    }

    async fn suspended_customer_is_refused_with_every_session_and_key(db: Db) {
        let (platform, acme) = (db.platform().await, db.tenant("acme").await);
        let new = NewApiKey { name: "Sync".into(), scopes: vec!["user:read".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let (_, key) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let by_key = || Credential::Key(key.hash());
        assert!(db.store.gate().admit::<ReadUsers>(by_key(), request(&db, HOME)).await.is_ok());
        platform.suspend(acme.id()).await;
        assert!(matches!(acme.owner().try_permit::<ReadUsers>().await, Err(Refusal::Suspended)));
        assert!(matches!(db.store.gate().admit::<ReadUsers>(by_key(), request(&db, HOME)).await, Err(Refusal::Suspended)));
        let sign_in = db.nobody::<SignIn>(HOME).await;
        let outcome = sign_in::password(&db.store, &db.hasher, &sign_in, "owner@acme.example", bailiwick_testkit::PASSWORD.into()).await;
        assert!(matches!(outcome, Err(bailiwick_ops::Error::Invalid(_))), "{outcome:?}");
        // Their cookie shuts no public page, or they could not even sign in elsewhere.
        let public = acme.owner().try_permit::<Public>().await.unwrap();
        assert_eq!(public.actor(), &Who::Anonymous);
        let permit = platform.owner().permit::<ReactivateTenant>().await;
        tenants::reactivate(&db.store, &permit, acme.id(), "paid at last").await.unwrap();
        assert!(acme.owner().try_permit::<ReadUsers>().await.is_ok());
        assert!(log(&db, &acme).await.contains(&("tenant.suspended".into(), "ok".into())));
        verified(&db).await;
    }

    async fn revoked_key_is_refused_at_once(db: Db) {
        let acme = db.tenant("acme").await;
        let new = NewApiKey { name: "Sync".into(), scopes: vec!["user:read".into()], expires_at: None, tag: None, ..NewApiKey::default() };
        let (made, key) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, new).await.unwrap();
        let hash = Secret::parse(key.expose()).unwrap().hash();
        let other = db.another().await;
        let permit = other.gate().admit::<ReadUsers>(Credential::Key(hash), request(&db, HOME)).await.unwrap();
        assert!(matches!(permit.actor(), Who::Key { id, .. } if *id == made.id));
        assert!(matches!(db.store.gate().admit::<ReadAudit>(Credential::Key(hash), request(&db, HOME)).await, Err(Refusal::Forbidden)));
        api_keys::revoke(&db.store, &acme.owner().permit::<RevokeApiKey>().await, made.id).await.unwrap();
        // In this process and in every other.
        for store in [&db.store, &other] {
            assert!(matches!(store.gate().admit::<ReadUsers>(Credential::Key(hash), request(&db, HOME)).await, Err(Refusal::SignIn)));
        }
        let twice = api_keys::revoke(&db.store, &acme.owner().permit::<RevokeApiKey>().await, made.id).await;
        assert!(matches!(twice, Err(bailiwick_ops::Error::Conflict(_))));
        verified(&db).await;
    }

    async fn session_ends_when_idle_and_whatever_happens_at_its_absolute_end(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        for _ in 0..5 {
            db.clock.advance(Span::minutes(29));
            assert!(user.try_permit::<Me>().await.is_ok(), "each request moves the idle end");
        }
        db.clock.advance(Span::minutes(30));
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::SignIn)));
        let busy = acme.user(Role::Auditor).await;
        for _ in 0..(12 * 60 / 20 - 1) {
            db.clock.advance(Span::minutes(20));
            assert!(busy.try_permit::<Me>().await.is_ok());
        }
        db.clock.advance(Span::minutes(20));
        assert!(matches!(busy.try_permit::<Me>().await, Err(Refusal::SignIn)));
    }

    async fn sign_out_ends_the_session_and_twice_is_no_harm(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.user(Role::Auditor).await;
        sign_in::sign_out(&db.store, &user.permit::<SignIn>().await).await.unwrap();
        assert!(matches!(user.try_permit::<Me>().await, Err(Refusal::SignIn)));
        sign_in::sign_out(&db.store, &user.permit::<SignIn>().await).await.unwrap();
        verified(&db).await;
    }

    async fn disabling_raises_a_warning_for_somebody_to_look_at(db: Db) {
        let acme = db.tenant("acme").await;
        let user = acme.add(Role::Auditor).await;
        users::disable(&db.store, &acme.owner().permit::<DisableUser>().await, user.id).await.unwrap();
        let mut view = db.store.read(&acme.owner().permit::<ReadUsers>().await).await.unwrap();
        let events = bailiwick_store::security_events::list(&mut view, None, 5).await.unwrap().items;
        assert_eq!((events[0].kind.as_str(), events[0].severity), ("user.disabled", Severity::Warning));
        assert!(!events[0].detail.contains(&user.name), "no personal data");
    }

    async fn documented_lifetimes_are_the_ones_in_force(db: Db) {
        let acme = db.tenant("acme").await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let policy = stored::policy(&mut view).await.unwrap();
        let page = include_str!("../../../../docs/security/sessions.md");
        let row = |begins: &str| page.lines().find(|line| line.starts_with(begins)).unwrap();
        for (begins, figure) in [
            ("| no request for |", format!("| {} minutes |", policy.session_idle_minutes)),
            ("| time since the sign-in,", format!("| {} hours |", policy.session_absolute_hours)),
            ("| time since the last proof,", format!("| {} minutes |", policy.reauth_minutes)),
        ] {
            assert!(row(begins).contains(&figure), "{figure}: {}", row(begins));
        }
    }
}
