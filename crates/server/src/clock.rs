//! The one place that asks the machine for the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bailiwick_domain::{clock::Clock, time::Timestamp};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock that is passed to everything else")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Measures how long something took, whatever happens to the machine's clock meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(clippy::disallowed_methods, reason = "a length of time, never a moment")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
    /// The time since then.
    #[expect(clippy::disallowed_methods, reason = "a length of time, never a moment")]
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
