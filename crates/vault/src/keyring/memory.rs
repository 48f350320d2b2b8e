//! Tenant keys in memory: how many, for how long, and what is known of the provider.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bailiwick_domain::clock::Clock;
use bailiwick_domain::time::{Span, Timestamp};
use hashlink::LruCache;

use super::TenantKeys;
use crate::provider::ProviderError;

/// How long a provider that did not answer is left alone.
const PAUSE: Span = Span::seconds(5);

/// How long keys in memory are good.
#[derive(Clone)]
pub struct Patience {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// After so long the provider is asked for them again.
    pub fresh: Span,
    /// After so long without an answer they are not used any more; no shorter than `fresh`.
    pub serve: Span,
}

struct Entry {
    keys: Arc<TenantKeys>,
    /// When the provider gave them; nothing where nobody counts.
    at: Option<Timestamp>,
    outdated: bool,
}

#[derive(Default)]
struct Away {
    since: Option<Timestamp>,
    asked: Option<Timestamp>,
}

/// The keys of recently used tenants.
pub(super) struct Memory {
    entries: Mutex<LruCache<[u8; 16], Entry>>,
    limit: NonZeroUsize,
    patience: Option<Patience>,
    away: Mutex<Away>,
}

impl Memory {
    pub(super) fn new(limit: NonZeroUsize, patience: Option<Patience>) -> Self {
        let entries = Mutex::new(LruCache::new(limit.get()));
        Self { entries, limit, patience, away: Mutex::default() }
    }

    pub(super) fn limit(&self) -> NonZeroUsize {
        self.limit
    }

    /// The keys that may still be used.
    pub(super) fn usable(&self, tenant: &[u8; 16]) -> Option<Arc<TenantKeys>> {
        let now = self.now();
        let mut entries = self.entries();
        let entry = entries.get(tenant)?;
        let over = self.age(entry, now).zip(self.patience.as_ref()).is_some_and(|(age, it)| age > it.serve);
        if over {
            entries.remove(tenant);
            return None;
        }
        Some(Arc::clone(&entry.keys))
    }

    /// The keys that the provider gave not long ago, for which it is not asked again.
    pub(super) fn fresh(&self, tenant: &[u8; 16]) -> Option<Arc<TenantKeys>> {
        let now = self.now();
        let mut entries = self.entries();
        let entry = entries.get(tenant)?;
        (!self.is_old(entry, now)).then(|| Arc::clone(&entry.keys))
    }

    /// The keys that are there, whatever their age.
    pub(super) fn whatever(&self, tenant: &[u8; 16]) -> Option<Arc<TenantKeys>> {
        self.entries().get(tenant).map(|entry| Arc::clone(&entry.keys))
    }

    pub(super) fn wants(&self, tenant: &[u8; 16]) -> bool {
        let now = self.now();
        let mut entries = self.entries();
        let wanted = entries.get(tenant).is_none_or(|entry| entry.outdated || self.is_old(entry, now));
        drop(entries);
        wanted && !self.is_left_alone(now)
    }

    pub(super) fn insert(&self, tenant: [u8; 16], keys: Arc<TenantKeys>) {
        let entry = Entry { keys, at: self.now(), outdated: false };
        self.entries().insert(tenant, entry);
    }

    pub(super) fn outdated(&self, tenant: &[u8; 16]) {
        if let Some(entry) = self.entries().get_mut(tenant) {
            entry.outdated = true;
        }
    }

    pub(super) fn remove(&self, tenant: &[u8; 16]) {
        self.entries().remove(tenant);
    }

    pub(super) fn len(&self) -> usize {
        self.entries().len()
    }

    pub(super) fn held(&self) -> Vec<([u8; 16], u32)> {
        self.entries().iter().map(|(tenant, entry)| (*tenant, entry.keys.newest().version())).collect()
    }

    pub(super) fn away_since(&self) -> Option<Timestamp> {
        self.away().since
    }

    /// Notes whether the provider answered, whatever it said.
    pub(super) fn heard<T>(&self, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        let now = self.now();
        let mut away = self.away();
        if matches!(answer, Err(ProviderError::Unavailable(..))) {
            // Without a clock nobody counts; the moment says only that it is so.
            let now = now.unwrap_or(Timestamp::from_micros(0));
            away.since.get_or_insert(now);
            away.asked = Some(now);
        } else {
            *away = Away::default();
        }
        drop(away);
        answer
    }

    fn is_left_alone(&self, now: Option<Timestamp>) -> bool {
        let asked = self.away().asked;
        now.zip(asked).is_some_and(|(now, asked)| now.since(asked) < PAUSE)
    }

    fn is_old(&self, entry: &Entry, now: Option<Timestamp>) -> bool {
        self.age(entry, now).zip(self.patience.as_ref()).is_some_and(|(age, it)| age > it.fresh)
    }

    fn age(&self, entry: &Entry, now: Option<Timestamp>) -> Option<Span> {
        now.zip(entry.at).map(|(now, at)| now.since(at))
    }

    fn now(&self) -> Option<Timestamp> {
        self.patience.as_ref().map(|patience| patience.clock.now())
    }

    fn entries(&self) -> MutexGuard<'_, LruCache<[u8; 16], Entry>> {
        // Whole between any two of its calls, so a panic elsewhere while it was held left it whole.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self) -> MutexGuard<'_, Away> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

    use super::*;
    use crate::entropy::SeededEntropy;
    use crate::keyring::tests::provider;
    use crate::keyring::{Keyring, KeyringError};
    use crate::provider::{KeyId, KeyProvider, ProviderFuture, ProviderKind, Trouble};
    use crate::secret::KeyBytes;

    #[derive(Default)]
    struct Hands(AtomicI64);
    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }
    impl Hands {
        fn pass(&self, span: Span) {
            self.0.fetch_add(span.as_seconds() * 1_000_000, Ordering::Relaxed);
        }
    }

    /// A provider that can be away.
    #[derive(Debug)]
    struct Flaky(Arc<dyn KeyProvider>, AtomicBool);
    impl KeyProvider for Flaky {
        fn kind(&self) -> ProviderKind {
            self.0.kind()
        }
        fn key_id(&self) -> &KeyId {
            self.0.key_id()
        }
        fn wrap_key<'a>(&'a self, key: &'a KeyBytes, context: &'a [u8]) -> ProviderFuture<'a, Vec<u8>> {
            if self.1.load(Ordering::Relaxed) {
                return Box::pin(async {
                    Err(ProviderError::Unavailable(self.key_id().clone(), Trouble::Unreachable))
                });
            }
            self.0.wrap_key(key, context)
        }
        fn unwrap_key<'a>(&'a self, wrapped: &'a [u8], context: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
            if self.1.load(Ordering::Relaxed) {
                return Box::pin(async {
                    Err(ProviderError::Unavailable(self.key_id().clone(), Trouble::Unreachable))
                });
            }
            self.0.unwrap_key(wrapped, context)
        }
        fn derive_key<'a>(&'a self, purpose: &'a [u8]) -> ProviderFuture<'a, KeyBytes> {
            self.0.derive_key(purpose)
        }
        fn derivation_secret(&self) -> &KeyBytes {
            self.0.derivation_secret()
        }
        fn check(&self) -> ProviderFuture<'_, ()> {
            self.0.check()
        }
    }

    #[tokio::test]
    async fn keys_in_memory_serve_for_their_time_while_the_provider_is_away() {
        let (hands, flaky) =
            (Arc::new(Hands::default()), Arc::new(Flaky(provider(71), AtomicBool::new(false))));
        let patience =
            Patience { clock: Arc::clone(&hands) as _, fresh: Span::hours(1), serve: Span::hours(4) };
        let ring = Keyring::new(
            Arc::clone(&flaky) as _,
            Arc::new(SeededEntropy::new(72)),
            NonZeroUsize::new(4).unwrap(),
        )
        .with_patience(patience);
        let tenant = [7; 16];
        let wrapped = ring.create(tenant).await.unwrap();
        assert!(ring.wants(&tenant));
        ring.load(std::slice::from_ref(&wrapped)).await.unwrap();
        assert!(!ring.wants(&tenant) && ring.away_since().is_none());

        flaky.1.store(true, Ordering::Relaxed);
        hands.pass(Span::hours(2));
        assert!(ring.wants(&tenant), "their time is over");
        let away = ring.load(std::slice::from_ref(&wrapped)).await.unwrap_err();
        assert!(matches!(away, KeyringError::Provider(ProviderError::Unavailable(..))), "{away}");
        assert_eq!(ring.away_since(), Some(hands.now()));
        assert!(ring.cached(&tenant).is_some() && !ring.wants(&tenant), "left alone for a moment");
        assert!(ring.create([8; 16]).await.is_err(), "a new tenant waits");
        hands.pass(Span::seconds(6));
        assert!(ring.wants(&tenant));
        hands.pass(Span::hours(2));
        assert!(ring.cached(&tenant).is_none(), "served for long enough");

        flaky.1.store(false, Ordering::Relaxed);
        hands.pass(Span::seconds(6));
        ring.load(std::slice::from_ref(&wrapped)).await.unwrap();
        assert!(ring.cached(&tenant).is_some() && ring.away_since().is_none());
    }

    #[tokio::test]
    async fn a_version_of_another_node_is_asked_for_once_it_was_met() {
        let ring = crate::keyring::tests::keyring(2);
        let tenant = [9; 16];
        let first = ring.create(tenant).await.unwrap();
        ring.load(std::slice::from_ref(&first)).await.unwrap();
        assert!(!ring.wants(&tenant));
        ring.outdated(&tenant);
        assert!(ring.wants(&tenant) && ring.cached(&tenant).is_some());
        let second = ring.rotate(&first).await.unwrap();
        ring.load(&[first, second]).await.unwrap();
        assert!(!ring.wants(&tenant));
        assert_eq!(ring.held(), [(tenant, 2)]);
    }

    #[tokio::test]
    async fn a_key_that_was_just_made_is_held_beside_the_older_ones_and_never_alone() {
        let ring = crate::keyring::tests::keyring(2);
        let tenant = [5; 16];
        let (_, first) = ring.make(tenant, 1).await.unwrap();
        ring.hold(first);
        let (_, second) = ring.make(tenant, 2).await.unwrap();
        ring.hold(second);
        assert_eq!(ring.cached(&tenant).unwrap().versions().collect::<Vec<_>>(), [2, 1]);
        ring.forget(&tenant);
        let (_, third) = ring.make(tenant, 3).await.unwrap();
        ring.hold(third);
        assert!(ring.cached(&tenant).is_none(), "its older versions would be missing");
    }
}
