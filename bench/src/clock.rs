//! Clocks: one for events, and two stop-watches.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bailiwick_domain::{clock::Clock, time::Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Time as it went by, and as this process used it on all cores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    began: Instant,
    used: Duration,
}

/// What a stop-watch shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elapsed {
    /// Seconds by the clock.
    pub(crate) wall: f64,
    /// Seconds of processor time.
    pub(crate) cpu: f64,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), used: processor_time() }
    }

    pub(crate) fn elapsed(&self) -> Elapsed {
        let used = processor_time().saturating_sub(self.used);
        Elapsed { wall: self.began.elapsed().as_secs_f64(), cpu: used.as_secs_f64() }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
