//! API keys.

use bailiwick_domain::{
    entity::ApiKeyStatus,
    rule::{CreateApiKey, ReadApiKeys, ReadUsers, RevokeApiKey},
    time::{Span, Timestamp},
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
};
use bailiwick_store::{Credential, Refusal, posture};
use bailiwick_testkit::both_databases;
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::{
    raised::raised,
    support::{HOME, request, verified},
};

fn key(expires_at: Option<Timestamp>) -> NewApiKey {
    NewApiKey {
        name: "Sync".into(),
        scopes: vec!["user:read".into()],
        expires_at,
        tag: Some("abc".into()),
        ..NewApiKey::default()
    }
}

both_databases! {
    async fn key_works_warns_and_ends(db: Db) {
        let acme = db.tenant("acme").await;
        let ends = db.store.now() + Span::days(60);
        let (made, secret) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, key(Some(ends))).await.unwrap();
        assert_eq!(made.prefix, "bw_live_abc");
        assert!(secret.expose().starts_with("bw_live_abc"));
        let hash = Secret::parse(secret.expose()).unwrap().hash();
        let counts = async |owner: &bailiwick_testkit::Actor| {
            let mut view = db.store.read(&owner.permit::<ReadApiKeys>().await).await.unwrap();
            let counts = posture::counts(&mut view).await.unwrap();
            (counts.keys, counts.keys_expiring)
        };
        let admitted = async || db.store.gate().admit::<ReadUsers>(Credential::Key(hash), request(&db, HOME)).await;
        assert_eq!((made.status(db.store.now()), counts(&acme.owner()).await), (ApiKeyStatus::Active, (1, 0)));
        db.clock.advance(Span::days(30));
        assert_eq!(made.status(db.store.now()), ApiKeyStatus::Expiring);
        assert!(admitted().await.is_ok());
        let later = acme.user(bailiwick_domain::role::Role::Auditor).await;
        assert_eq!(counts(&later).await, (1, 1));
        db.clock.advance(Span::days(30));
        assert_eq!(made.status(db.store.now()), ApiKeyStatus::Expired);
        assert!(matches!(admitted().await, Err(Refusal::SignIn)));
        let later = acme.user(bailiwick_domain::role::Role::Auditor).await;
        assert_eq!(counts(&later).await, (0, 0));
        verified(&db).await;
    }

    async fn key_without_an_end_needs_rotation_and_is_not_about_to_expire(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<CreateApiKey>().await;
        api_keys::create(&db.store, &permit, key(Some(db.store.now() + Span::days(60)))).await.unwrap();
        let (endless, _) = api_keys::create(&db.store, &permit, key(None)).await.unwrap();
        let counts = async || {
            let counts = posture::counts(&mut db.store.read(&acme.job()).await.unwrap()).await.unwrap();
            (counts.keys, counts.keys_expiring, counts.keys_without_end)
        };
        assert_eq!(counts().await, (2, 0, 1));
        db.clock.advance(Span::days(30));
        assert_eq!(counts().await, (2, 1, 1));
        db.clock.advance(Span::days(3_650));
        assert_eq!(counts().await, (1, 0, 1));
        let later = acme.user(bailiwick_domain::role::Role::TenantOwner).await;
        api_keys::revoke(&db.store, &later.permit::<RevokeApiKey>().await, endless.id).await.unwrap();
        assert_eq!(counts().await, (0, 0, 0));
        assert_eq!(raised(&acme, "api_key.created").await, 2);
        assert_eq!(raised(&acme, "api_key.revoked").await, 1);
    }

    async fn what_cannot_be_a_key_is_told_by_its_field(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<CreateApiKey>().await;
        let now = db.store.now();
        for (new, field) in [
            (NewApiKey { name: " ".into(), ..key(None) }, "name"),
            (NewApiKey { tag: Some("ABCD".into()), ..key(None) }, "tag"),
            (NewApiKey { scopes: vec!["user:raed".into()], ..key(None) }, "scopes"),
            (NewApiKey { scopes: vec!["user:read".into(); 257], ..key(None) }, "scopes"),
            (key(Some(now)), "expires_at"),
            (key(Some(now + Span::days(367))), "expires_at"),
        ] {
            let outcome = api_keys::create(&db.store, &permit, new).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == field), "{field}: {outcome:?}");
        }
    }

    async fn key_of_another_organisation_is_not_found(db: Db) {
        let (acme, globex) = (db.tenant("acme").await, db.tenant("globex").await);
        let (made, _) = api_keys::create(&db.store, &acme.owner().permit::<CreateApiKey>().await, key(None)).await.unwrap();
        let outcome = api_keys::revoke(&db.store, &globex.owner().permit::<RevokeApiKey>().await, made.id).await;
        assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    }
}
