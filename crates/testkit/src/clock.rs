//! A clock that stands still until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use bailiwick_domain::{
    clock::Clock,
    time::{Span, Timestamp},
};

/// Where every test begins: 2026-01-02T03:04:05Z.
pub const START: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

/// A clock that stands still until it is moved; all stores of one database share it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at [`START`].
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicI64::new(START.micros()))
    }

    /// Moves on by `span`.
    pub fn advance(&self, span: Span) {
        let moved = Clock::now(self) + span;
        self.0.store(moved.micros(), Ordering::SeqCst);
    }

    /// Moves to `at`, which may lie in the past: clocks of real machines do step back.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.micros(), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_starts_where_it_says_and_moves_only_when_told() {
        let clock = ManualClock::new();
        assert_eq!(clock.now().to_string(), "2026-01-02T03:04:05.000000Z");
        clock.advance(Span::minutes(1));
        assert_eq!(clock.now(), START + Span::minutes(1));
        clock.set(START);
        assert_eq!(clock.now(), START);
    }
}
