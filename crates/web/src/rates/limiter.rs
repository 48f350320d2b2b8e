//! One limit for many keys.

use std::hash::Hash;

use governor::{Quota, RateLimiter, clock::Clock as _, middleware::StateInformationMiddleware};

use super::{Rate, beat::Beat, memory::Bounded, rate::seconds_up};

/// What is left to one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Requests that may come at once.
    pub(super) remaining: u32,
    /// Seconds until it has everything again, or after a refusal, until one may come.
    pub(super) seconds: u64,
}

/// A limit.
#[derive(Debug)]
pub(super) struct Limiter<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, Bounded<K>, Beat, StateInformationMiddleware>,
    rate: Rate,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(super) fn new(rate: Rate, beat: &Beat) -> Self {
        // No interval is zero: it is a millionth of a second at least.
        let quota = Quota::with_period(rate.interval()).unwrap_or_else(|| Quota::per_second(rate.burst()));
        let limiter = RateLimiter::new(quota.allow_burst(rate.burst()), Bounded::default(), beat.clone());
        Self { limiter, rate }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The same where it is one too many, which is not counted.
    pub(super) fn count(&self, key: &K) -> Result<Reading, Reading> {
        match self.limiter.check_key(key) {
            Ok(left) => {
                let remaining = left.remaining_burst_capacity().min(self.rate.burst().get());
                let used = self.rate.burst().get() - remaining;
                Ok(Reading { remaining, seconds: seconds_up(self.rate.interval().saturating_mul(used)) })
            }
            Err(until) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                Err(Reading { remaining: 0, seconds: seconds_up(wait).max(1) })
            }
        }
    }
}
