//! What is remembered: bounded, and only while nobody could have missed that it changed.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use bailiwick_domain::{
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_vault::token::TokenHash;

use super::GoodKey;

/// Keys that are remembered at most: some 50 MiB.
const CAPACITY: usize = 65_536;

/// For how long the database's word is taken.
const LASTS: Span = Span::seconds(60);

/// Until when what is remembered may be used.
#[derive(Clone, Copy, Debug, Default)]
enum Lease {
    /// Not at all.
    #[default]
    None,
    /// For as long as the process lives: nobody else changes the database.
    Always,
    /// Until then, by a clock that nobody sets.
    Until(Instant),
}

/// The keys that this process remembers.
#[derive(Default)]
pub(crate) struct Entries(RwLock<Known>);

#[derive(Default)]
struct Known {
    keys: HashMap<[u8; 32], Entry>,
    /// In the order in which they were learnt.
    order: VecDeque<[u8; 32]>,
    /// How often something was forgotten.
    generation: u64,
    lease: Lease,
}

struct Entry {
    good: Arc<GoodKey>,
    at: Timestamp,
}

impl Known {
    fn may(&self) -> bool {
        match self.lease {
            Lease::None => false,
            Lease::Always => true,
            Lease::Until(end) => instant() < end,
        }
    }
}

impl Entries {
    /// Those of the only process that works on its database.
    pub(crate) fn alone() -> Self {
        Self(RwLock::new(Known { lease: Lease::Always, ..Known::default() }))
    }

    /// A good key, if it is remembered and nothing of it has ended.
    pub(crate) fn find(&self, hash: &TokenHash, now: Timestamp) -> Option<Arc<GoodKey>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = known.keys.get(hash.as_bytes())?;
        let fresh = now >= entry.at && now < entry.at + LASTS && entry.good.until.is_none_or(|end| now < end);
        (fresh && known.may()).then(|| Arc::clone(&entry.good))
    }

    /// A number that changes with everything that is forgotten.
    pub(crate) fn generation(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).generation
    }

    /// Whether anything may be remembered.
    pub(crate) fn may_remember(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).may()
    }

    /// Remembers what the database said after `generation` was read, unless something was forgotten since: it may have been this.
    pub(crate) fn remember(&self, hash: &TokenHash, good: &Arc<GoodKey>, generation: u64, at: Timestamp) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.generation != generation || !known.may() {
            return;
        }
        let entry = Entry { good: Arc::clone(good), at };
        if known.keys.insert(*hash.as_bytes(), entry).is_none() {
            known.order.push_back(*hash.as_bytes());
        }
        while known.order.len() > CAPACITY {
            if let Some(oldest) = known.order.pop_front() {
                known.keys.remove(&oldest);
            }
        }
    }

    /// Forgets every key of a tenant.
    pub(crate) fn forget(&self, tenant: TenantId) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.generation += 1;
        let before = known.keys.len();
        known.keys.retain(|_, entry| entry.good.tenant != tenant);
        if known.keys.len() != before {
            let Known { keys, order, .. } = &mut *known;
            order.retain(|hash| keys.contains_key(hash));
        }
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.generation += 1;
        known.keys.clear();
        known.order.clear();
    }

    /// Lets what is remembered be used for `lasts` from `begun`.
    pub(super) fn lease(&self, begun: Instant, lasts: Duration) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).lease = Lease::Until(begun + lasts);
    }

    /// Forgets everything and remembers nothing more, until there is another lease.
    pub(super) fn give_up(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).lease = Lease::None;
        self.forget_all();
    }
}

/// The moment by a clock that only goes forwards.
#[expect(
    clippy::disallowed_methods,
    reason = "a lease is measured by a clock that nobody sets: the one that is passed in may be put back, which would prolong it"
)]
pub(super) fn instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::{entity::KeyEnvironment, network::AllowList, permission::PermissionSet};

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn hash(n: u32) -> TokenHash {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        TokenHash::from_bytes(bytes)
    }

    fn good(tenant: u8, until: Option<Timestamp>) -> Arc<GoodKey> {
        Arc::new(GoodKey {
            tenant: TenantId::from_bytes([tenant; 16]),
            id: bailiwick_domain::ids::ApiKeyId::from_bytes([9; 16]),
            name: "Sync".to_owned(),
            prefix: "bw_live_abc".to_owned(),
            environment: KeyEnvironment::Live,
            networks: AllowList::default(),
            owner: None,
            maker: None,
            permissions: PermissionSet::empty(),
            scopes: PermissionSet::empty(),
            portions: None,
            expires_at: until,
            rotating: false,
            until,
        })
    }

    #[test]
    fn what_the_database_said_is_taken_for_a_minute_and_not_beyond_an_end() {
        let entries = Entries::alone();
        entries.remember(&hash(1), &good(1, None), entries.generation(), NOW);
        entries.remember(&hash(2), &good(1, Some(NOW + Span::seconds(5))), entries.generation(), NOW);
        for (n, after, there) in
            [(1, 0, true), (1, 59, true), (1, 60, false), (1, -1, false), (2, 4, true), (2, 5, false)]
        {
            assert_eq!(entries.find(&hash(n), NOW + Span::seconds(after)).is_some(), there, "{n} {after}");
        }
    }

    #[test]
    fn what_was_read_before_something_was_forgotten_is_not_remembered() {
        let entries = Entries::alone();
        let before = entries.generation();
        entries.forget(TenantId::from_bytes([1; 16]));
        entries.remember(&hash(1), &good(1, None), before, NOW);
        assert!(entries.find(&hash(1), NOW).is_none());
    }

    #[test]
    fn a_tenant_is_forgotten_and_its_neighbour_is_not() {
        let entries = Entries::alone();
        for tenant in [1, 2] {
            entries.remember(&hash(tenant.into()), &good(tenant, None), entries.generation(), NOW);
        }
        entries.forget(TenantId::from_bytes([1; 16]));
        assert!(entries.find(&hash(1), NOW).is_none() && entries.find(&hash(2), NOW).is_some());
    }

    #[test]
    fn nothing_is_remembered_without_a_lease_nor_used_after_it() {
        let entries = Entries::default();
        entries.remember(&hash(1), &good(1, None), entries.generation(), NOW);
        entries.lease(instant(), Duration::from_secs(60));
        assert!(entries.find(&hash(1), NOW).is_none(), "it was not remembered");
        entries.remember(&hash(1), &good(1, None), entries.generation(), NOW);
        assert!(entries.find(&hash(1), NOW).is_some());
        entries.lease(instant(), Duration::ZERO);
        assert!(entries.find(&hash(1), NOW).is_none());
        entries.give_up();
        entries.lease(instant(), Duration::from_secs(60));
        assert!(entries.find(&hash(1), NOW).is_none(), "a new lease begins empty");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let entries = Entries::alone();
        let one = good(1, None);
        let most = u32::try_from(CAPACITY).unwrap();
        for n in 0..=most {
            entries.remember(&hash(n), &one, 0, NOW);
        }
        assert!(entries.find(&hash(0), NOW).is_none() && entries.find(&hash(most), NOW).is_some());
    }
}
