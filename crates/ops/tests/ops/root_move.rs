//! Moving from one root key to another: whole, with a holder that is away, on several servers, and back.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use bailiwick_domain::{entity::RootMoveState, ids::FactorId, role::Role, rule::ChangeMyProofs, time::Span};
use bailiwick_ops::{
    Error, factors,
    keys::{Mover, NewMove, begin_root_move},
};
use bailiwick_store::{Error as StoreError, Jobs, Store, accounts, keys};
use bailiwick_testkit::{Actor, Db, Tenant, both_databases};
use bailiwick_vault::{
    provider::{KeyId, KeyProvider, ProviderError, ProviderFuture, ProviderKind, Trouble},
    secret::KeyBytes,
    totp::TotpSecret,
};

use crate::{
    keys::rotate,
    raised::raised,
    support::{times, verified},
};

/// A root key whose holder can be away.
#[derive(Debug)]
struct Flaky(Arc<dyn KeyProvider>, AtomicBool);

impl Flaky {
    fn answers<'a, T: Send + 'a>(&'a self, answer: ProviderFuture<'a, T>) -> ProviderFuture<'a, T> {
        if self.1.load(Ordering::Relaxed) {
            let id = self.0.key_id().clone();
            return Box::pin(async { Err(ProviderError::Unavailable(id, Trouble::Unreachable)) });
        }
        answer
    }
}

impl KeyProvider for Flaky {
    fn kind(&self) -> ProviderKind {
        self.0.kind()
    }
    fn key_id(&self) -> &KeyId {
        self.0.key_id()
    }
    fn wrap_key<'a>(&'a self, key: &'a KeyBytes, context: &'a [u8]) -> ProviderFuture<'a, Vec<u8>> {
        self.answers(self.0.wrap_key(key, context))
    }
    fn unwrap_key<'a>(&'a self, wrapped: &'a [u8], context: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        self.answers(self.0.unwrap_key(wrapped, context))
    }
    fn derive_key<'a>(&'a self, purpose: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
        self.answers(self.0.derive_key(purpose))
    }
    fn derivation_secret(&self) -> &KeyBytes {
        self.0.derivation_secret()
    }
    fn check(&self) -> ProviderFuture<'_, ()> {
        self.answers(self.0.check())
    }
}

/// A secret that is sealed now.
async fn factor(actor: &Actor) -> (FactorId, TotpSecret) {
    let permit = actor.permit::<ChangeMyProofs>().await;
    let (factor, secret) = factors::totp_begin(&actor.db.store, &permit, None).await.unwrap();
    (factor.id, secret)
}

async fn opened(store: &Store, tenant: &Tenant, id: FactorId) -> Result<TotpSecret, StoreError> {
    accounts::factor_secret(&mut store.read(&tenant.job()).await.unwrap(), id).await
}

fn to(root: &Arc<dyn KeyProvider>) -> NewMove {
    let to = root.key_id().as_str().to_owned();
    NewMove { to, weaker: false, allowed: false, reason: "A service holds it now.".into() }
}

async fn state(store: &Store) -> (RootMoveState, Option<String>, i64, i64) {
    let found = keys::newest_move(store).await.unwrap().unwrap();
    (found.root_move.state, found.root_move.trouble, found.moved, found.waiting)
}

async fn in_use(store: &Store) -> Vec<String> {
    keys::roots_in_use(store).await.unwrap().into_iter().map(|(root, _)| root).collect()
}

fn never() -> bool {
    false
}

/// A server that has both root keys, and what goes on with a move there.
async fn server(db: &Db, next: &Arc<dyn KeyProvider>) -> (Store, Arc<Jobs>, Mover) {
    let (store, jobs) = db.another_over(&[db.root(), Arc::clone(next)]).await;
    let mover = Mover::new(store.clone(), Arc::clone(&jobs));
    (store, jobs, mover)
}

both_databases! {
    async fn keys_move_to_another_root_key_and_stay_what_they_are(db: Db) {
        let (acme, globex) = (db.platform().await, db.tenant("globex").await);
        let (one, two) = (acme.user(Role::PlatformOwner).await, globex.user(Role::PlanManager).await);
        // Of the same one, the second setup would be in place of the first.
        let three = globex.user(Role::PlanManager).await;
        let first = factor(&two).await;
        rotate(&globex.owner()).await.unwrap();
        let sealed = [(&acme, factor(&one).await), (&globex, first), (&globex, factor(&three).await)];
        let next = db.next_root();
        let (store, jobs, mover) = server(&db, &next).await;
        let (old, new) = (db.root().key_id().as_str().to_owned(), next.key_id().as_str().to_owned());
        assert_eq!(mover.round(true, &never).await.unwrap(), 0, "nobody wants it");
        assert_eq!(keys::leading_root(&store), Some(old.clone()));

        let nameless = begin_root_move(&store, &jobs, NewMove { reason: "x".into(), ..to(&next) }).await;
        assert!(matches!(nameless, Err(Error::Invalid(_))), "{nameless:?}");
        let unknown = begin_root_move(&db.store, &db.jobs(), to(&next)).await;
        assert!(matches!(unknown, Err(Error::Conflict(_))), "{unknown:?}");
        let begun = begin_root_move(&store, &jobs, to(&next)).await.unwrap();
        assert_eq!((&begun.from, &begun.to), (&old, &new));
        let again = begin_root_move(&store, &jobs, to(&next)).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        // From the start new keys are of the new one; the others open what they did.
        assert_eq!(keys::fresh(&store, globex.id(), 9).await.unwrap().image().root_key, new);
        assert_eq!(state(&store).await, (RootMoveState::Moving, None, 0, 3));
        for (tenant, (id, secret)) in &sealed {
            assert_eq!(opened(&store, tenant, *id).await.unwrap().base32().as_str(), secret.base32().as_str());
        }
        // A server that does not have it leaves it alone.
        let stranger = Mover::new(db.store.clone(), db.jobs());
        assert_eq!(stranger.round(true, &never).await.unwrap(), 0);

        assert_eq!(mover.round(false, &never).await.unwrap(), 3);
        assert_eq!(state(&store).await, (RootMoveState::Moving, None, 3, 0), "something else is not ready");
        assert_eq!(in_use(&store).await, std::slice::from_ref(&new));
        assert_eq!(mover.round(true, &never).await.unwrap(), 0);
        assert_eq!(state(&store).await, (RootMoveState::Finished, None, 3, 0));

        // With the new one alone everything opens, and nothing with the old one.
        let (after, _) = db.another_over(&[Arc::clone(&next)]).await;
        let (before, _) = db.another_over(&[db.root()]).await;
        for (tenant, (id, secret)) in &sealed {
            assert_eq!(opened(&after, tenant, *id).await.unwrap().base32().as_str(), secret.base32().as_str());
            let gone = opened(&before, tenant, *id).await;
            assert!(matches!(gone, Err(StoreError::KeysAway)), "{gone:?}");
        }
        // What a server makes that had not heard of it follows.
        rotate(&globex.owner()).await.unwrap();
        assert_eq!(in_use(&store).await.len(), 2);
        assert_eq!(mover.round(true, &never).await.unwrap(), 1);
        assert_eq!(in_use(&store).await, [new]);
        db.clock.advance(Span::seconds(1));
        assert_eq!((times(&db, &acme, "root_move.begun").await, times(&db, &acme, "root_move.finished").await), (1, 1));
        assert_eq!(raised(&acme, "root_move.begun").await, 1);
        assert_eq!(raised(&acme, "root_move.finished").await, 1);
        let over = begin_root_move(&store, &jobs, to(&next)).await;
        assert!(matches!(over, Err(Error::Conflict("This root key wraps already."))), "{over:?}");
        verified(&db).await;
    }

    async fn holder_that_is_away_is_told_of_and_asked_again(db: Db) {
        let (acme, _globex) = (db.platform().await, db.tenant("globex").await);
        let flaky = Arc::new(Flaky(db.next_root(), AtomicBool::new(false)));
        let next: Arc<dyn KeyProvider> = Arc::clone(&flaky) as _;
        let (store, jobs, mover) = server(&db, &next).await;
        begin_root_move(&store, &jobs, to(&next)).await.unwrap();
        flaky.1.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            db.clock.advance(Span::seconds(1));
            let away = mover.round(true, &never).await;
            assert!(matches!(away, Err(Error::Store(StoreError::KeysAway))), "{away:?}");
        }
        let (found, trouble, moved, waiting) = state(&store).await;
        assert_eq!((found, moved, waiting), (RootMoveState::Moving, 0, 2));
        assert!(trouble.as_ref().is_some_and(|it| it.contains("it cannot be reached")), "{trouble:?}");
        assert_eq!(in_use(&store).await, [db.root().key_id().as_str()], "nothing else is used in its place");
        // Nothing is made by the old one either: whoever wants a new key waits.
        let fresh = keys::fresh(&store, acme.id(), 2).await;
        assert!(matches!(fresh, Err(StoreError::KeysAway)), "{fresh:?}");
        assert_eq!(raised(&acme, "root_move.failed").await, 1);
        flaky.1.store(false, Ordering::Relaxed);
        db.clock.advance(Span::seconds(1));
        assert_eq!(mover.round(false, &never).await.unwrap(), 2);
        assert_eq!(raised(&acme, "root_move.resumed").await, 1);
        db.clock.advance(Span::seconds(1));
        assert_eq!(mover.round(true, &never).await.unwrap(), 0);
        let (found, trouble, moved, _) = state(&store).await;
        assert_eq!((found, trouble, moved), (RootMoveState::Finished, None, 2));
        verified(&db).await;
    }

    async fn one_server_at_a_time_moves_and_another_follows_one_that_is_gone(db: Db) {
        let (_acme, _globex) = (db.platform().await, db.tenant("globex").await);
        let next = db.next_root();
        let (store, jobs, first) = server(&db, &next).await;
        let (_, _, second) = server(&db, &next).await;
        begin_root_move(&store, &jobs, to(&next)).await.unwrap();
        // It takes the move up and is gone before it did anything.
        assert_eq!(first.round(true, &|| true).await.unwrap(), 0);
        assert_eq!(second.round(true, &never).await.unwrap(), 0, "another one holds it");
        assert_eq!(state(&store).await, (RootMoveState::Moving, None, 0, 2));
        db.clock.advance(Span::seconds(31));
        assert_eq!(second.round(true, &never).await.unwrap(), 2);
        assert_eq!(state(&store).await, (RootMoveState::Finished, None, 2, 0));
        assert_eq!(first.round(true, &never).await.unwrap(), 0, "it is over");
        verified(&db).await;
    }

    async fn move_that_is_given_up_leads_back(db: Db) {
        let (acme, globex) = (db.platform().await, db.tenant("globex").await);
        let (id, secret) = factor(&globex.owner()).await;
        let next = db.next_root();
        let (store, jobs, mover) = server(&db, &next).await;
        begin_root_move(&store, &jobs, to(&next)).await.unwrap();
        assert_eq!(mover.round(false, &never).await.unwrap(), 2);
        db.clock.advance(Span::seconds(1));
        // Somebody else's rule: what never gives a root key out is not left for a file, unless somebody means it.
        let weaker = NewMove { weaker: true, ..to(&db.root()) };
        let refused = begin_root_move(&store, &jobs, weaker.clone()).await;
        assert!(matches!(refused, Err(Error::Conflict(text)) if text.contains("in a file")), "{refused:?}");
        let back = begin_root_move(&store, &jobs, NewMove { allowed: true, ..weaker }).await.unwrap();
        assert!(back.weaker && back.to == db.root().key_id().as_str());
        assert_eq!(raised(&acme, "root_move.replaced").await, 1);
        assert_eq!(raised(&acme, "root_move.begun").await, 2);
        assert_eq!(mover.round(true, &never).await.unwrap(), 2);
        assert_eq!(in_use(&store).await, [db.root().key_id().as_str()]);
        assert_eq!(opened(&db.store, &globex, id).await.unwrap().base32().as_str(), secret.base32().as_str());
        verified(&db).await;
    }
}
