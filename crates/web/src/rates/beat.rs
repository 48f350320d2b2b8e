//! The application's clock, as a limiter reads it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::{clock::Clock, time::Timestamp};
use governor::nanos::Nanos;

/// Time that only goes forwards, by the steps that the application's clock takes. Where that is set back, this stands still for a moment
/// and goes on: otherwise everybody would wait until the clock has come as far again.
#[derive(Clone)]
pub(super) struct Beat(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    seen: Mutex<Seen>,
}

struct Seen {
    clock: Timestamp,
    micros: u64,
}

impl Beat {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let seen = Mutex::new(Seen { clock: clock.now(), micros: 0 });
        Self(Arc::new(Inner { clock, seen }))
    }
}

impl governor::clock::Clock for Beat {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.now();
        let step = u64::try_from(now.micros().saturating_sub(seen.clock.micros())).unwrap_or_default();
        seen.micros = seen.micros.saturating_add(step);
        seen.clock = now;
        // Five hundred years; a clock that jumps further stands there.
        Nanos::from(seen.micros.min(u64::MAX / 2_000) * 1_000)
    }
}

impl fmt::Debug for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Beat(…)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use governor::clock::Clock as _;

    use super::*;

    struct Set(AtomicI64);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_clock_that_is_set_back_costs_nobody_anything() {
        let clock = Arc::new(Set(AtomicI64::new(1_000)));
        let beat = Beat::new(Arc::clone(&clock) as _);
        let at = |micros: i64| {
            clock.0.store(micros, Ordering::Relaxed);
            u64::from(beat.now())
        };
        assert_eq!([at(1_000), at(1_007), at(7), at(8), at(108)], [0, 7_000, 7_000, 8_000, 108_000]);
    }
}
