//! Replacing a key: both work for a time, and the old one goes once everybody has moved.

use bailiwick_domain::{
    entity::{ApiKey, ApiKeyStatus},
    role::Role,
    rule::{CreateApiKey, ReadUsers, RevokeApiKey, RotateApiKey},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey, Retirement, Rotated},
};
use bailiwick_store::{Refusal, api_keys as stored, key_uses};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::token::TokenHash;

use crate::{
    api_key_uses::{new, used},
    raised::raised,
    support::{request, times, verified},
};

const OFFICE: &str = "192.0.2.7";
const HOME: &str = "198.51.100.23";

/// A key that was used from these addresses just now.
async fn in_use(acme: &Tenant, from: &[&str]) -> (ApiKey, TokenHash) {
    let permit = acme.owner().permit::<CreateApiKey>().await;
    let wanted = NewApiKey { networks: vec!["0.0.0.0/0".into()], ..new(&["user:read"]) };
    let (key, secret) = api_keys::create(&acme.db.store, &permit, wanted).await.unwrap();
    for address in from {
        used::<ReadUsers>(&acme.db, secret.hash(), request(&acme.db, address)).await.unwrap();
    }
    key_uses::flush(&acme.db.store).await.unwrap();
    (key, secret.hash())
}

async fn rotated(owner: &Actor, key: &ApiKey) -> Rotated {
    let permit = owner.permit::<RotateApiKey>().await;
    let store = &owner.db.store;
    owner.confirmed(async |answer| api_keys::rotate(store, &permit, key.id, 7, answer).await).await.unwrap()
}

async fn seen(db: &Db, key: TokenHash, from: &str) {
    used::<ReadUsers>(db, key, request(db, from)).await.unwrap();
    key_uses::flush(&db.store).await.unwrap();
}

fn retirement(db: &Db) -> Retirement {
    Retirement::new(db.store.clone(), db.jobs())
}

async fn status(acme: &Tenant, key: &ApiKey) -> ApiKeyStatus {
    let mut view = acme.db.store.read(&acme.job()).await.unwrap();
    stored::find(&mut view, key.id).await.unwrap().status(acme.db.store.now())
}

both_databases! {
    async fn old_key_is_retired_once_every_recent_caller_was_seen_with_the_new_one(db: Db) {
        let acme = db.tenant("acme").await;
        let (old, hash) = in_use(&acme, &[OFFICE, HOME]).await;
        let made = rotated(&acme.owner(), &old).await;
        assert_eq!((&made.new.scopes, &made.new.networks, made.new.owner, made.new.replaces), (&old.scopes, &old.networks, old.owner, Some(old.id)));
        assert_eq!(made.old.expires_at, Some(db.store.now().start_of_day() + Span::days(8)));
        assert_eq!(status(&acme, &old).await, ApiKeyStatus::Rotating);
        assert!(used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.is_ok(), "the old one works on");
        assert_eq!(retirement(&db).round().await.unwrap(), 0);
        db.clock.advance(Span::minutes(2));
        seen(&db, made.secret.hash(), OFFICE).await;
        let movement = api_keys::movement(&db.store, &acme.job(), &made.old).await.unwrap().unwrap();
        let moved: Vec<_> = movement.callers.iter().map(|caller| (caller.address.as_str(), caller.with_new.is_some(), caller.moved)).collect();
        assert!(moved.contains(&(OFFICE, true, false)) && moved.contains(&(HOME, false, false)), "an hour has not passed: {moved:?}");
        db.clock.advance(Span::hours(2));
        assert_eq!(retirement(&db).round().await.unwrap(), 0, "one of them has not moved");
        seen(&db, made.secret.hash(), HOME).await;
        // Whoever goes back to the old key has not moved.
        seen(&db, hash, OFFICE).await;
        db.clock.advance(Span::hours(2));
        assert_eq!(retirement(&db).round().await.unwrap(), 0);
        seen(&db, made.secret.hash(), OFFICE).await;
        assert_eq!(retirement(&db).round().await.unwrap(), 1);
        assert_eq!(retirement(&db).round().await.unwrap(), 0, "once");
        assert_eq!(status(&acme, &old).await, ApiKeyStatus::Revoked);
        assert!(matches!(used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await, Err(Refusal::SignIn)));
        assert!(used::<ReadUsers>(&db, made.secret.hash(), request(&db, OFFICE)).await.is_ok());
        assert_eq!((raised(&acme, "api_key.rotated").await, raised(&acme, "api_key.retired").await), (1, 1));
        verified(&db).await;
    }

    async fn old_key_ends_with_its_overlap_whoever_has_moved(db: Db) {
        let acme = db.tenant("acme").await;
        let (old, hash) = in_use(&acme, &[OFFICE]).await;
        let made = rotated(&acme.owner(), &old).await;
        db.clock.advance(Span::days(9));
        assert_eq!(status(&acme, &old).await, ApiKeyStatus::Expired, "by the clock, before any job");
        assert!(matches!(used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await, Err(Refusal::SignIn)));
        assert_eq!(retirement(&db).round().await.unwrap(), 1);
        assert!(used::<ReadUsers>(&db, made.secret.hash(), request(&db, OFFICE)).await.is_ok());
        assert_eq!(times(&db, &acme, "api_key.retired").await, 1);
    }

    async fn old_key_that_nobody_used_lately_goes_once_the_new_one_is_in_use(db: Db) {
        let acme = db.tenant("acme").await;
        let (old, _) = in_use(&acme, &[OFFICE]).await;
        db.clock.advance(Span::days(31));
        let made = rotated(&acme.user(Role::TenantOwner).await, &old).await;
        db.clock.advance(Span::hours(2));
        assert_eq!(retirement(&db).round().await.unwrap(), 0, "nobody uses the new one");
        seen(&db, made.secret.hash(), HOME).await;
        assert_eq!(retirement(&db).round().await.unwrap(), 1);
    }

    async fn key_is_replaced_once_at_a_time_and_by_whoever_holds_what_it_carries(db: Db) {
        let acme = db.tenant("acme").await;
        let (old, _) = in_use(&acme, &[OFFICE]).await;
        let developer = acme.user(Role::Developer).await;
        let permit = developer.permit::<RotateApiKey>().await;
        let beyond = api_keys::rotate(&db.store, &permit, old.id, 7, None).await;
        assert!(matches!(beyond, Err(Error::Forbidden(_))), "{beyond:?}");
        let owner = acme.owner();
        let permit = owner.permit::<RotateApiKey>().await;
        for days in [0, 31] {
            let outcome = api_keys::rotate(&db.store, &permit, old.id, days, None).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "overlap_days"), "{outcome:?}");
        }
        let made = rotated(&owner, &old).await;
        let twice = api_keys::rotate(&db.store, &permit, old.id, 7, None).await;
        assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
        // Where the new one was taken back, another can be made.
        db.clock.advance(Span::seconds(1));
        api_keys::revoke(&db.store, &owner.permit::<RevokeApiKey>().await, made.new.id).await.unwrap();
        assert!(api_keys::movement(&db.store, &acme.job(), &made.old).await.unwrap().is_none());
        let again = rotated(&owner, &made.old).await;
        assert_eq!(again.new.replaces, Some(old.id));
        let (globex, key) = (db.tenant("globex").await, old.id);
        let foreign = api_keys::rotate(&db.store, &globex.owner().permit::<RotateApiKey>().await, key, 7, None).await;
        assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
    }

    async fn end_that_was_nearer_stays(db: Db) {
        let acme = db.tenant("acme").await;
        let permit = acme.owner().permit::<CreateApiKey>().await;
        let end = db.store.now() + Span::days(2);
        let wanted = NewApiKey { expires_at: Some(end), ..new(&["user:read"]) };
        let (old, _) = api_keys::create(&db.store, &permit, wanted).await.unwrap();
        assert_eq!(rotated(&acme.owner(), &old).await.old.expires_at, Some(end));
    }
}
