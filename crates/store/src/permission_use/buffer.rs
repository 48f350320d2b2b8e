//! Uses that were not written down yet, in memory and bounded: an authenticated request stays without a write.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use bailiwick_domain::{
    ids::{TenantId, UserId},
    permission::Permission,
    time::Timestamp,
};

/// Uses that wait at most, and at most so many are remembered as noted today. Some 5 MiB each where both are full.
pub(crate) const CAPACITY: usize = 65_536;

/// Uses of one tenant that are written at once.
pub(crate) const BATCH: usize = 256;

/// That somebody used a permission.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Use {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserId,
    pub(crate) permission: Permission,
}

/// The uses of this process since the last flush.
#[derive(Default)]
pub(crate) struct Uses(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    /// The day that `today` is about.
    day: Option<Timestamp>,
    /// What need not be noted again today.
    today: HashSet<Use>,
    /// What is still to be written, and the day on which it happened last.
    waiting: HashMap<Use, Timestamp>,
}

impl Uses {
    /// Notes a use, once a day. Where too many wait already it is let go: it is noted with the next request after the flush.
    pub(crate) fn note(&self, used: Use, now: Timestamp) {
        let day = now.start_of_day();
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.day != Some(day) {
            noted.day = Some(day);
            noted.today.clear();
        }
        if noted.today.contains(&used)
            || noted.waiting.len() >= CAPACITY && !noted.waiting.contains_key(&used)
        {
            return;
        }
        // Forgetting what was noted costs one more row that is there already, and no memory.
        if noted.today.len() >= CAPACITY {
            noted.today.clear();
        }
        noted.today.insert(used);
        noted.waiting.insert(used, day);
    }

    /// Some of what waits, all of one tenant; nothing where nothing waits. It goes on waiting until it is [`written`](Self::written).
    pub(crate) fn some(&self) -> Vec<(Use, Timestamp)> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tenant) = noted.waiting.keys().next().map(|used| used.tenant) else { return Vec::new() };
        let theirs = noted.waiting.iter().filter(|(used, _)| used.tenant == tenant);
        theirs.take(BATCH).map(|(used, day)| (*used, *day)).collect()
    }

    /// Takes out what is on disk now, unless it was used on a later day in the meantime.
    pub(crate) fn written(&self, batch: &[(Use, Timestamp)]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (used, day) in batch {
            if noted.waiting.get(used) == Some(day) {
                noted.waiting.remove(used);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    fn used(user: u32) -> Use {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&user.to_be_bytes());
        let (tenant, user) = (TenantId::from_bytes([1; 16]), UserId::from_bytes(bytes));
        Use { tenant, user, permission: Permission::USER_READ }
    }

    #[test]
    fn a_use_waits_once_a_day() {
        let (uses, noon) = (Uses::default(), Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        uses.note(used(1), noon);
        uses.note(used(1), noon + Span::hours(1));
        let batch = uses.some();
        assert_eq!(batch, [(used(1), noon.start_of_day())]);
        uses.written(&batch);
        uses.note(used(1), noon + Span::hours(11));
        assert!(uses.some().is_empty(), "it was written today already");
        uses.note(used(1), noon + Span::hours(12));
        assert_eq!(uses.some(), [(used(1), noon.start_of_day() + Span::days(1))]);
    }

    #[test]
    fn a_use_of_a_later_day_is_not_taken_for_the_one_that_was_written() {
        let (uses, noon) = (Uses::default(), Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        uses.note(used(1), noon);
        let batch = uses.some();
        uses.note(used(1), noon + Span::days(1));
        uses.written(&batch);
        assert_eq!(uses.some(), [(used(1), noon.start_of_day() + Span::days(1))]);
    }

    #[test]
    fn what_waits_is_bounded_and_what_was_let_go_is_noted_after_the_flush() {
        let (uses, noon) = (Uses::default(), Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        let capacity = u32::try_from(CAPACITY).unwrap();
        for user in 0..=capacity {
            uses.note(used(user), noon);
        }
        assert_eq!(uses.some().len(), BATCH);
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
        uses.note(used(capacity), noon);
        assert_eq!(uses.some(), [(used(capacity), noon.start_of_day())]);
    }
}
