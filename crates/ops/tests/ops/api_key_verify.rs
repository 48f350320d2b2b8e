//! Whether the text of a key is good, from memory, and never a moment longer.

use std::time::Duration;

use bailiwick_domain::{
    entity::{ApiKey, Browser},
    permission::{Permission, PermissionSet},
    role::Role,
    rule::{AssignRole, CreateApiKey, DisableUser, GrantPermission, RevokeApiKey, SurrenderKey, VerifyKey},
    time::Span,
};
use bailiwick_ops::{
    Error,
    api_keys::{self, Asked, Fault, NewApiKey},
    grants::{self, NewGrant},
    users,
};
use bailiwick_store::{
    Credential, Permit, Refusal, Store,
    key_cache::{KeyNode, LEASE},
    key_uses,
};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases, postgres_only};
use bailiwick_vault::api_key::ApiKey as Secret;

use crate::{
    api_key_uses::new,
    raised::raised,
    support::{records, request, times, verified},
};

const OFFICE: &str = "192.0.2.7";
const NONE: PermissionSet = PermissionSet::empty();
const READ: PermissionSet = PermissionSet::of(&[Permission::USER_READ]);
const WRITE: PermissionSet = PermissionSet::of(&[Permission::AUDIT_WRITE]);

async fn made_by(maker: &Actor, new: NewApiKey) -> (ApiKey, Secret) {
    let permit = maker.permit::<CreateApiKey>().await;
    api_keys::create(&maker.db.store, &permit, new).await.unwrap()
}

async fn stranger(db: &Db) -> Permit<SurrenderKey> {
    db.store.gate().admit(Credential::None, request(db, OFFICE)).await.unwrap()
}

/// What a store says of a key: nothing where it is good.
async fn fault_at(
    asker: &Actor,
    store: &Store,
    text: &str,
    scopes: PermissionSet,
    from: &str,
) -> Option<Fault> {
    let asked = Asked { key: text, scopes, address: Some(from.parse().unwrap()), agent: Browser::Program };
    api_keys::verify(store, &asker.permit::<VerifyKey>().await, asked).await.unwrap().fault
}

async fn fault(asker: &Actor, text: &str, scopes: PermissionSet) -> Option<Fault> {
    fault_at(asker, &asker.db.store, text, scopes, OFFICE).await
}

/// Whether whoever shows a key may ask about others there.
async fn asking(db: &Db, store: &Store, key: &Secret) -> Result<Permit<VerifyKey>, Refusal> {
    store.gate().admit(Credential::Key(key.hash()), request(db, OFFICE)).await
}

/// A server that listens, until the value goes.
fn listening(store: &Store) -> tokio::task::JoinHandle<()> {
    let mut node = KeyNode::new(store.clone());
    tokio::spawn(async move {
        loop {
            if node.round().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    })
}

async fn remembering(store: &Store) {
    for _ in 0..500 {
        if store.remembers_keys() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the server never got its lease");
}

both_databases! {
    async fn product_learns_whose_a_key_is_and_what_it_is_good_for(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, secret) = made_by(&acme.owner(), NewApiKey { networks: vec!["192.0.2.0/24".into()], ..new(&["user:read"]) }).await;
        let asked = Asked { key: secret.expose(), scopes: READ, address: Some(OFFICE.parse().unwrap()), agent: Browser::Program };
        let found = api_keys::verify(&db.store, &acme.owner().permit::<VerifyKey>().await, asked).await.unwrap();
        let good = found.key.unwrap();
        assert_eq!((found.fault, good.id, good.tenant, good.permissions), (None, key.id, acme.id(), READ));
        assert_eq!(fault(&acme.owner(), secret.expose(), PermissionSet::of(&[Permission::USER_READ, Permission::AUDIT_READ])).await, Some(Fault::Scope));
        assert_eq!(fault_at(&acme.owner(), &db.store, secret.expose(), NONE, "198.51.100.1").await, Some(Fault::Address));
        // Another organisation learns nothing of it, whether it is remembered or not.
        let other = db.tenant("other").await;
        assert_eq!(fault(&other.owner(), secret.expose(), NONE).await, Some(Fault::Unknown));
        assert_eq!(fault(&acme.owner(), secret.expose(), READ).await, None);
        assert_eq!(fault(&other.owner(), secret.expose(), NONE).await, Some(Fault::Unknown));
        key_uses::flush(&db.store).await.unwrap();
        let mut view = db.store.read(&acme.job()).await.unwrap();
        let last = key_uses::last(&mut view, key.id).await.unwrap().unwrap();
        assert_eq!((last.address.as_deref(), last.scope.as_deref()), (Some(OFFICE), Some("user:read")));
        assert_eq!(key_uses::callers(&mut view, key.id).await.unwrap().len(), 1, "what was refused is no use");
    }

    async fn what_is_no_key_is_refused_by_its_checksum_without_asking_the_store(db: Db) {
        let acme = db.tenant("acme").await;
        let (_, secret) = made_by(&acme.owner(), new(&["user:read"])).await;
        let permit = acme.owner().permit::<VerifyKey>().await;
        let typo = format!("{}x", secret.expose().get(..secret.expose().len() - 1).unwrap());
        // A closed store answers nothing that it would have to look up.
        db.store.close().await;
        for text in [typo.as_str(), "", "bw_live_abc", "\u{0}", &"a".repeat(10_000)] {
            let asked = Asked { key: text, scopes: NONE, address: None, agent: Browser::Unknown };
            assert_eq!(api_keys::verify(&db.store, &permit, asked).await.unwrap().fault, Some(Fault::Malformed), "{text}");
        }
        let stranger = Secret::generate(&Default::default(), bailiwick_vault::api_key::Environment::Live, None, db.store.entropy());
        let asked = Asked { key: stranger.expose(), scopes: NONE, address: None, agent: Browser::Unknown };
        assert!(api_keys::verify(&db.store, &permit, asked).await.is_err());
    }

    async fn key_is_refused_once_whatever_it_stood_on_is_gone(db: Db) {
        let listener = listening(&db.store);
        remembering(&db.store).await;
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let maker = acme.user(Role::Developer).await;
        let (key, secret) = made_by(&maker, new(&["audit:write"])).await;
        let text = secret.expose();
        assert_eq!(fault(&acme.owner(), text, WRITE).await, None);
        assert_eq!(fault(&acme.owner(), text, WRITE).await, None, "from memory");
        // A denial that ends by itself counts until then.
        let denial = NewGrant { permission: "audit:write".into(), effect: "deny".into(), reason: "For now.".into(), expires_at: Some(db.store.now() + Span::seconds(30)) };
        grants::grant(&db.store, &owner.permit::<GrantPermission>().await, maker.id(), denial).await.unwrap();
        assert_eq!(fault(&acme.owner(), text, WRITE).await, Some(Fault::Scope));
        db.clock.advance(Span::seconds(31));
        assert_eq!(fault(&acme.owner(), text, WRITE).await, None);
        // Nor does their role give it any more.
        users::assign_role(&db.store, &owner.permit::<AssignRole>().await, maker.id(), "support_coordinator").await.unwrap();
        let coordinator_may = db.store.catalogue().role_set(Role::SupportCoordinator).contains(Permission::AUDIT_WRITE);
        assert_eq!(fault(&acme.owner(), text, WRITE).await.is_none(), coordinator_may);
        users::disable(&db.store, &owner.permit::<DisableUser>().await, maker.id()).await.unwrap();
        assert_eq!(fault(&acme.owner(), text, NONE).await, Some(Fault::Disabled));
        users::enable(&db.store, &owner.permit::<DisableUser>().await, maker.id()).await.unwrap();
        assert_eq!(fault(&acme.owner(), text, NONE).await, None);
        let (_, receipt) = api_keys::revoke(&db.store, &owner.permit::<RevokeApiKey>().await, key.id).await.unwrap();
        assert_eq!(fault(&acme.owner(), text, NONE).await, Some(Fault::Revoked));
        let told = records(&db, acme.id()).await.into_iter().find(|record| record.event == receipt.event).unwrap();
        assert_eq!(told.action, "api_key.revoked");
        listener.abort();
        verified(&db).await;
    }

    async fn asker_is_held_to_what_their_key_may_do_and_from_where(db: Db) {
        let listener = listening(&db.store);
        remembering(&db.store).await;
        let acme = db.tenant("acme").await;
        let owner = acme.owner();
        let maker = acme.user(Role::Developer).await;
        let (_, elsewhere) = made_by(&owner, NewApiKey { networks: vec!["198.51.100.0/24".into()], ..new(&["access:check"]) }).await;
        let (_, other) = made_by(&owner, new(&["user:read"])).await;
        let (_, short) = made_by(&owner, NewApiKey { expires_at: Some(db.store.now() + Span::seconds(30)), ..new(&["access:check"]) }).await;
        let (_, makers) = made_by(&maker, new(&["access:check"])).await;
        // Twice: as the database says it, and from memory.
        for _ in 0..2 {
            assert!(matches!(asking(&db, &db.store, &elsewhere).await, Err(Refusal::Misplaced)));
            assert!(matches!(asking(&db, &db.store, &other).await, Err(Refusal::Forbidden)));
            asking(&db, &db.store, &short).await.unwrap();
            asking(&db, &db.store, &makers).await.unwrap();
        }
        db.clock.advance(Span::seconds(30));
        assert!(matches!(asking(&db, &db.store, &short).await, Err(Refusal::SignIn)));
        users::disable(&db.store, &owner.permit::<DisableUser>().await, maker.id()).await.unwrap();
        assert!(matches!(asking(&db, &db.store, &makers).await, Err(Refusal::SignIn)));
        listener.abort();
    }

    async fn key_ends_by_the_clock_also_in_memory(db: Db) {
        let listener = listening(&db.store);
        remembering(&db.store).await;
        let acme = db.tenant("acme").await;
        let (_, secret) = made_by(&acme.owner(), NewApiKey { expires_at: Some(db.store.now() + Span::seconds(30)), ..new(&["user:read"]) }).await;
        assert_eq!(fault(&acme.owner(), secret.expose(), NONE).await, None);
        db.clock.advance(Span::seconds(30));
        assert_eq!(fault(&acme.owner(), secret.expose(), NONE).await, Some(Fault::Expired));
        listener.abort();
    }

    async fn whoever_holds_a_leaked_key_revokes_it(db: Db) {
        let acme = db.tenant("acme").await;
        let (key, secret) = made_by(&acme.owner(), NewApiKey { networks: vec!["192.0.2.0/24".into()], ..new(&["user:read"]) }).await;
        let (gone, _) = api_keys::surrender(&db.store, &stranger(&db).await, secret.expose()).await.unwrap();
        assert!(gone.id == key.id && gone.revoked_at.is_some());
        assert_eq!(fault(&acme.owner(), secret.expose(), NONE).await, Some(Fault::Revoked));
        let again = api_keys::surrender(&db.store, &stranger(&db).await, secret.expose()).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        let made_up = Secret::generate(&Default::default(), bailiwick_vault::api_key::Environment::Live, None, db.store.entropy());
        for text in [made_up.expose(), "x", ""] {
            assert!(matches!(api_keys::surrender(&db.store, &stranger(&db).await, text).await, Err(Error::NotFound)));
        }
        assert_eq!((raised(&acme, "api_key.surrendered").await, times(&db, &acme, "api_key.surrendered").await), (1, 1));
        verified(&db).await;
    }
}

postgres_only! {
    async fn revoked_key_is_refused_on_a_second_server_before_the_answer(db: Db) {
        let second = db.another().await;
        let listeners = [listening(&db.store), listening(&second)];
        remembering(&db.store).await;
        remembering(&second).await;
        let acme: Tenant = db.tenant("acme").await;
        let owner = acme.owner();
        for _ in 0..20 {
            let (key, secret) = made_by(&owner, new(&["user:read"])).await;
            for store in [&db.store, &second] {
                assert_eq!(fault_at(&acme.owner(), store, secret.expose(), READ, OFFICE).await, None);
            }
            api_keys::revoke(&db.store, &owner.permit::<RevokeApiKey>().await, key.id).await.unwrap();
            assert_eq!(fault_at(&acme.owner(), &second, secret.expose(), NONE, OFFICE).await, Some(Fault::Revoked));
            assert_eq!(fault_at(&acme.owner(), &db.store, secret.expose(), NONE, OFFICE).await, Some(Fault::Revoked));
            db.clock.advance(Span::seconds(1));
        }
        assert!(second.remembers_keys(), "nobody had to be waited for");
        for listener in listeners {
            listener.abort();
        }
    }

    async fn asker_whose_own_key_is_revoked_asks_nothing_more_on_a_second_server(db: Db) {
        let second = db.another().await;
        let listeners = [listening(&db.store), listening(&second)];
        remembering(&db.store).await;
        remembering(&second).await;
        let acme: Tenant = db.tenant("acme").await;
        let owner = acme.owner();
        for _ in 0..10 {
            let (key, secret) = made_by(&owner, new(&["access:check"])).await;
            for store in [&db.store, &db.store, &second, &second] {
                asking(&db, store, &secret).await.unwrap();
            }
            api_keys::revoke(&db.store, &owner.permit::<RevokeApiKey>().await, key.id).await.unwrap();
            for store in [&second, &db.store] {
                let refused = asking(&db, store, &secret).await;
                assert!(matches!(refused, Err(Refusal::SignIn)), "{refused:?}");
            }
            db.clock.advance(Span::seconds(1));
        }
        assert!(second.remembers_keys(), "nobody had to be waited for");
        for listener in listeners {
            listener.abort();
        }
    }

    async fn server_that_does_not_answer_is_outlived(db: Db) {
        let second = db.another().await;
        // It takes its lease and then stands still: nothing is torn down, and nobody listens.
        let mut mute = KeyNode::new(second.clone());
        let acme: Tenant = db.tenant("acme").await;
        let owner = acme.owner();
        let (key, secret) = made_by(&owner, new(&["user:read"])).await;
        let permit = owner.permit::<RevokeApiKey>().await;
        mute.round().await.unwrap();
        assert!(second.remembers_keys());
        assert_eq!(fault_at(&acme.owner(), &second, secret.expose(), READ, OFFICE).await, None);
        tokio::time::timeout(LEASE + Duration::from_secs(5), api_keys::revoke(&db.store, &permit, key.id)).await.unwrap().unwrap();
        assert_eq!(fault_at(&acme.owner(), &second, secret.expose(), NONE, OFFICE).await, Some(Fault::Revoked));
        assert!(!second.remembers_keys(), "its lease was waited for");
        // It finds its row gone, and begins anew.
        mute.round().await.unwrap();
        assert!(!second.remembers_keys());
        mute.round().await.unwrap();
        assert!(second.remembers_keys());
    }
}
