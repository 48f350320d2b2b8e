//! Uses of keys that were not written down yet, in memory and bounded: a request with a key stays without a write.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use bailiwick_domain::{
    entity::Browser,
    ids::{ApiKeyId, TenantId},
    permission::Permission,
    time::Timestamp,
};

/// Uses that wait at most: some 8 MiB.
pub(crate) const CAPACITY: usize = 65_536;

/// Uses of one tenant that are written at once.
const BATCH: usize = 256;

/// Which key was used, from where, by what and for which scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct KeyUse {
    pub(crate) tenant: TenantId,
    pub(crate) key: ApiKeyId,
    pub(crate) address: Option<IpAddr>,
    pub(crate) agent: Browser,
    /// Nothing where the request asked for none.
    pub(crate) scope: Option<Permission>,
}

/// When something was seen first and last since it was written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// The uses of keys in this process since the last flush.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<HashMap<KeyUse, Seen>>);

impl KeyUses {
    /// Notes a use; one that is like another only moves when it was seen last. Where too many wait, it is let go.
    pub(crate) fn note(&self, used: KeyUse, now: Timestamp) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = waiting.get_mut(&used) {
            seen.last = seen.last.max(now);
        } else if waiting.len() < CAPACITY {
            waiting.insert(used, Seen { first: now, last: now });
        }
    }

    /// Some of what waits, all of one tenant; nothing where nothing waits. It goes on waiting until it is [`written`](Self::written).
    pub(crate) fn some(&self) -> Vec<(KeyUse, Seen)> {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tenant) = waiting.keys().next().map(|used| used.tenant) else { return Vec::new() };
        let theirs = waiting.iter().filter(|(used, _)| used.tenant == tenant);
        theirs.take(BATCH).map(|(used, seen)| (*used, *seen)).collect()
    }

    /// Takes out what is on disk now, unless it was seen again in the meantime.
    pub(crate) fn written(&self, batch: &[(KeyUse, Seen)]) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (used, seen) in batch {
            if waiting.get(used) == Some(seen) {
                waiting.remove(used);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    fn used(key: u32) -> KeyUse {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&key.to_be_bytes());
        KeyUse {
            tenant: TenantId::from_bytes([1; 16]),
            key: ApiKeyId::from_bytes(bytes),
            address: Some("192.0.2.7".parse().unwrap()),
            agent: Browser::Program,
            scope: Some(Permission::USER_READ),
        }
    }

    #[test]
    fn uses_that_are_alike_are_one_that_moves() {
        let (uses, noon) = (KeyUses::default(), Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        uses.note(used(1), noon);
        uses.note(used(1), noon + Span::hours(1));
        let batch = uses.some();
        assert_eq!(batch, [(used(1), Seen { first: noon, last: noon + Span::hours(1) })]);
        uses.note(used(1), noon + Span::hours(2));
        uses.written(&batch);
        assert_eq!(uses.some().len(), 1, "it was seen again after it was read");
        uses.written(&uses.some());
        assert!(uses.some().is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let (uses, noon) = (KeyUses::default(), Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        let capacity = u32::try_from(CAPACITY).unwrap();
        for key in 0..=capacity {
            uses.note(used(key), noon);
        }
        let mut written = 0;
        loop {
            let batch = uses.some();
            if batch.is_empty() {
                break;
            }
            written += batch.len();
            uses.written(&batch);
        }
        assert_eq!(written, CAPACITY);
    }
}
