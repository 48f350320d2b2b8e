//! How often one source may ask about keys that nobody has. Each such question costs a look-up, and anybody can make them up.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

use bailiwick_domain::time::Timestamp;

/// Unknown keys at once, after a while without any.
const BURST: i64 = 2_000;
/// Unknown keys in a second after that.
const A_SECOND: i64 = 200;
/// Sources that are counted at once. Beyond, all begin anew.
const SOURCES: usize = 10_000;

/// What is left to each source that asked about unknown keys lately. One that asks for good keys alone is not in it.
#[derive(Default)]
pub(crate) struct UnknownPace(Mutex<HashMap<Option<IpAddr>, Left>>);

#[derive(Clone, Copy)]
struct Left {
    /// In millionths of a question, so that time in microseconds adds to it without rounding.
    millionths: i64,
    at: Timestamp,
}

impl Left {
    fn at(self, now: Timestamp) -> i64 {
        let passed = now.micros().saturating_sub(self.at.micros()).max(0);
        self.millionths.saturating_add(passed.saturating_mul(A_SECOND)).min(BURST * 1_000_000)
    }
}

impl UnknownPace {
    /// Whether a key that is not remembered may be looked up for this source.
    pub(crate) fn may_ask(&self, source: Option<IpAddr>, now: Timestamp) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&network(source)).is_none_or(|left| left.at(now) >= 1_000_000)
    }

    /// Counts a key that nobody has.
    pub(crate) fn count(&self, source: Option<IpAddr>, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SOURCES && !all.contains_key(&network(source)) {
            all.clear();
        }
        let left = all.entry(network(source)).or_insert(Left { millionths: BURST * 1_000_000, at: now });
        left.millionths = left.at(now).saturating_sub(1_000_000).max(0);
        left.at = now;
    }
}

/// An IPv6 host has a whole /64 to itself.
fn network(source: Option<IpAddr>) -> Option<IpAddr> {
    source.map(|address| match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    })
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    #[test]
    fn whoever_makes_keys_up_is_told_to_wait_and_keeps_nobody_else_waiting() {
        let (pace, start) = (UnknownPace::default(), Timestamp::from_micros(0));
        let ip = |text: &str| Some(text.parse().unwrap());
        for _ in 0..BURST {
            assert!(pace.may_ask(ip("2001:db8::1"), start));
            pace.count(ip("2001:db8::1"), start);
        }
        assert!(!pace.may_ask(ip("2001:db8::1"), start) && !pace.may_ask(ip("2001:db8::2"), start));
        assert!(pace.may_ask(ip("2001:db8:0:1::1"), start) && pace.may_ask(ip("192.0.2.1"), start));
        let later = start + Span::seconds(1);
        let mut passed = 0;
        while pace.may_ask(ip("2001:db8::1"), later) {
            pace.count(ip("2001:db8::1"), later);
            passed += 1;
        }
        assert_eq!(passed, A_SECOND);
    }

    #[test]
    fn nobody_fills_the_memory_with_sources() {
        let (pace, now) = (UnknownPace::default(), Timestamp::from_micros(7));
        for n in 0..SOURCES + 100 {
            let n = u32::try_from(n).unwrap();
            pace.count(Some(IpAddr::V4(n.into())), now);
        }
        assert!(pace.0.lock().unwrap().len() <= SOURCES);
    }
}
