//! From where keys work, when they were used, and what they do not use.

use bailiwick_domain::{
    entity::{ApiKey, Browser, KeyEnvironment},
    network::MOST_NETWORKS,
    permission::{Permission, PermissionSet},
    role::Role,
    rule::{CreateApiKey, DeleteUser, NarrowApiKey, ReadPolicy, ReadUsers, UpdatePolicy},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, NewApiKey},
    deletion, policy,
};
use bailiwick_store::{
    Credential, Permit, Refusal, RequestContext, api_keys as stored, key_uses, permission_use,
};
use bailiwick_testkit::{Db, Tenant, both_databases};
use bailiwick_vault::token::TokenHash;

use crate::{
    raised::raised,
    support::{request, times, verified},
};

const OFFICE: &str = "192.0.2.7";
const HOME: &str = "198.51.100.23";
/// What some route of a server asks for.
const MEASURED: PermissionSet = PermissionSet::of(&[Permission::USER_READ, Permission::POLICY_READ]);

pub(crate) fn new(scopes: &[&str]) -> NewApiKey {
    NewApiKey {
        name: "Sync".into(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        ..NewApiKey::default()
    }
}

async fn made(acme: &Tenant, new: NewApiKey) -> (ApiKey, TokenHash) {
    let permit = acme.owner().permit::<CreateApiKey>().await;
    let (key, secret) = api_keys::create(&acme.db.store, &permit, new).await.unwrap();
    (key, secret.hash())
}

pub(crate) async fn used<R: bailiwick_domain::rule::Rule>(
    db: &Db,
    key: TokenHash,
    from: RequestContext,
) -> Result<Permit<R>, Refusal> {
    db.store.gate().admit::<R>(Credential::Key(key), from).await
}

both_databases! {
    async fn key_works_from_its_networks_and_from_nowhere_else(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, hash) = made(&acme, NewApiKey { networks: vec!["192.0.2.0/24".into()], ..new(&["user:read"]) }).await;
        assert!(used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.is_ok());
        assert!(used::<ReadUsers>(&db, hash, request(&db, "::ffff:192.0.2.9")).await.is_ok(), "the same in other clothes");
        let before = times(&db, &acme, "request.refused").await;
        let refused = used::<ReadUsers>(&db, hash, request(&db, HOME)).await;
        assert!(matches!(refused, Err(Refusal::Misplaced)), "{refused:?}");
        let nowhere = RequestContext { ip: None, ..request(&db, HOME) };
        assert!(matches!(used::<ReadUsers>(&db, hash, nowhere).await, Err(Refusal::Misplaced)));
        assert_eq!(times(&db, &acme, "request.refused").await, before + 2);
        key_uses::flush(&db.store).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let callers: Vec<_> = key_uses::callers(&mut view, key.id).await.unwrap().into_iter().map(|caller| caller.address).collect();
        assert_eq!(callers.len(), 2, "who was refused used nothing: {callers:?}");
        drop(view);
        verified(&db).await;
    }

    async fn what_cannot_be_is_told_by_its_field(db: Db) {
        let acme = db.tenant("acme").await;
        let stranger = db.tenant("globex").await.owner().id();
        let permit = acme.owner().permit::<CreateApiKey>().await;
        for (new, field) in [
            (NewApiKey { networks: vec!["192.0.2.0/24".into(), "office".into()], ..new(&["user:read"]) }, "networks"),
            (NewApiKey { networks: vec!["::1".into(); MOST_NETWORKS + 1], ..new(&["user:read"]) }, "networks"),
            (NewApiKey { owner: Some(stranger), ..new(&["user:read"]) }, "owner"),
        ] {
            let outcome = api_keys::create(&db.store, &permit, new).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == field), "{field}: {outcome:?}");
        }
        let (key, _) = made(&acme, NewApiKey { environment: KeyEnvironment::Test, ..new(&["user:read"]) }).await;
        assert!(key.prefix.starts_with("bw_test_") && key.owner == Some(acme.owner().id()));
    }

    async fn policy_bounds_how_long_a_key_works(db: Db) {
        let acme = db.tenant("acme").await;
        let usual = api_keys::default_end(&db.store, &acme.job()).await.unwrap();
        assert_eq!(usual, db.store.now() + Span::days(90));
        let wanted = policy::NewPolicy {
            mfa_floor: "any".into(),
            mfa_grace_days: 14,
            role_floors: std::collections::BTreeMap::new(),
            session_idle_minutes: 30,
            session_absolute_hours: 12,
            reauth_minutes: 10,
            invitation_days: 14,
            api_key_days: Some(60),
        };
        policy::update(&db.store, &acme.owner().permit::<UpdatePolicy>().await, wanted).await.unwrap();
        assert_eq!(api_keys::default_end(&db.store, &acme.job()).await.unwrap(), db.store.now() + Span::days(60));
        let permit = acme.owner().permit::<CreateApiKey>().await;
        for end in [None, Some(db.store.now() + Span::days(61))] {
            let outcome = api_keys::create(&db.store, &permit, NewApiKey { expires_at: end, ..new(&["user:read"]) }).await;
            assert!(matches!(&outcome, Err(Error::Invalid(fields)) if fields[0].field == "expires_at" && fields[0].text.contains("60 days")), "{outcome:?}");
        }
        let end = Some(db.store.now() + Span::days(60));
        assert!(api_keys::create(&db.store, &permit, NewApiKey { expires_at: end, ..new(&["user:read"]) }).await.is_ok());
    }

    async fn owner_reads_when_from_where_and_for_what_a_key_was_used(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, hash) = made(&acme, new(&["user:read", "policy:read"])).await;
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(key_uses::last(&mut view, key.id).await.unwrap(), None);
        drop(view);
        let first = db.store.now();
        used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.unwrap();
        db.clock.advance(Span::minutes(5));
        used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.unwrap();
        db.clock.advance(Span::minutes(5));
        used::<ReadPolicy>(&db, hash, request(&db, HOME)).await.unwrap();
        assert_eq!(key_uses::flush(&db.store).await.unwrap(), 2, "requests that are alike are one");
        assert_eq!(key_uses::flush(&db.store).await.unwrap(), 0);
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let last = key_uses::last(&mut view, key.id).await.unwrap().unwrap();
        assert_eq!((last.at, last.address.as_deref(), last.scope.as_deref()), (db.store.now(), Some(HOME), Some("policy:read")));
        let callers = key_uses::callers(&mut view, key.id).await.unwrap();
        let seen: Vec<_> = callers.iter().map(|caller| (caller.address.as_str(), caller.first_seen_at, caller.last_seen_at)).collect();
        assert_eq!(seen, [(HOME, db.store.now(), db.store.now()), (OFFICE, first, first + Span::minutes(5))]);
        assert!(callers.iter().all(|caller| Browser::ALL.contains(&caller.agent)));
        let days = key_uses::scopes(&mut view, key.id).await.unwrap();
        assert_eq!(days.len(), 2);
        drop(view);
        let zenith = db.tenant("zenith").await;
        let mut view = db.store.read(&zenith.job()).await.unwrap();
        assert!(key_uses::last(&mut view, key.id).await.unwrap().is_none(), "a tenant beside it has none of it");
        assert!(key_uses::callers(&mut view, key.id).await.unwrap().is_empty());
    }

    async fn callers_of_a_key_are_bounded_and_it_is_noted_that_some_went(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, hash) = made(&acme, new(&["user:read"])).await;
        for n in 0..=key_uses::MOST_CALLERS {
            db.clock.advance(Span::seconds(1));
            used::<ReadUsers>(&db, hash, request(&db, &format!("10.0.0.{n}"))).await.unwrap();
        }
        key_uses::flush(&db.store).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let callers = key_uses::callers(&mut view, key.id).await.unwrap();
        assert_eq!(i64::try_from(callers.len()).unwrap(), key_uses::MOST_CALLERS);
        assert!(callers.iter().all(|caller| caller.address != "10.0.0.0"), "the one seen longest ago went");
        assert!(key_uses::last(&mut view, key.id).await.unwrap().unwrap().callers_dropped_at().is_some());
    }

    async fn owner_takes_away_what_a_key_did_not_use_for_ninety_days(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, hash) = made(&acme, new(&["user:read", "policy:read", "session:read"])).await;
        used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.unwrap();
        key_uses::flush(&db.store).await.unwrap();
        permission_use::flush(&db.store).await.unwrap();
        let early = api_keys::narrow(&db.store, &acme.owner().permit::<NarrowApiKey>().await, key.id, MEASURED).await;
        assert!(matches!(early, Err(Error::Conflict(_))), "{early:?}");
        db.clock.advance(Span::days(91));
        let owner = acme.user(Role::TenantOwner).await;
        used::<ReadUsers>(&db, hash, request(&db, OFFICE)).await.unwrap();
        key_uses::flush(&db.store).await.unwrap();
        let narrowed = api_keys::narrow(&db.store, &owner.permit::<NarrowApiKey>().await, key.id, MEASURED).await.unwrap();
        // No route asks for the last one, so its silence says nothing.
        assert_eq!(narrowed.scopes, ["session:read", "user:read"]);
        assert!(matches!(used::<ReadPolicy>(&db, hash, request(&db, OFFICE)).await, Err(Refusal::Forbidden)));
        let again = api_keys::narrow(&db.store, &owner.permit::<NarrowApiKey>().await, key.id, MEASURED).await;
        assert!(matches!(again, Err(Error::Conflict(_))));
        assert_eq!(raised(&acme, "api_key.narrowed").await, 1);
        verified(&db).await;
    }

    async fn key_whose_owner_is_deleted_goes_back_to_its_maker_and_their_computers_are_forgotten(db: Db) {
        let acme = db.tenant("acme").await;
        let (maker, answers) = (acme.user(Role::Developer).await, acme.user(Role::Auditor).await);
        let (theirs, _) = made(&acme, NewApiKey { owner: Some(answers.id()), ..new(&["user:read"]) }).await;
        let permit = maker.permit::<CreateApiKey>().await;
        let scopes: Vec<_> = db.store.catalogue().names(*permit.permissions()).into_iter().take(1).map(str::to_owned).collect();
        let (own, secret) = api_keys::create(&db.store, &permit, NewApiKey { scopes, ..new(&[]) }).await.unwrap();
        used::<bailiwick_domain::rule::Me>(&db, secret.hash(), request(&db, HOME)).await.unwrap();
        key_uses::flush(&db.store).await.unwrap();
        let owner = acme.owner();
        for gone in [answers.id(), maker.id()] {
            let permit = owner.permit::<DeleteUser>().await;
            owner.confirmed(async |answer| deletion::delete(&db.store, &permit, gone, answer).await).await.unwrap();
        }
        let mut view = db.store.read(&acme.job()).await.unwrap();
        assert_eq!(stored::find(&mut view, theirs.id).await.unwrap().owner, Some(owner.id()));
        assert!(key_uses::callers(&mut view, own.id).await.unwrap().is_empty());
        assert_eq!(key_uses::last(&mut view, own.id).await.unwrap().unwrap().address, None);
        drop(view);
        assert_eq!(times(&db, &acme, "api_key.handed_over").await, 1);
        verified(&db).await;
    }
}
