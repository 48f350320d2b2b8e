//! Keeping a job going: again after every round, later and later while it fails, and once more before the end.

use std::{error::Error, future::Future, sync::Arc, time::Duration};

use bailiwick_domain::{clock::Clock, time::Timestamp};
use bailiwick_store::{Error as StoreError, audit::SignError};
use bailiwick_web::jobs::JobRound;
use tokio::task::JoinHandle;

use crate::{
    metrics::jobs::{Jobs, Outcome},
    stop::{self, Stop, Stopper},
};

/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause after a round that met others at work; after so many of them in a row it is a failure like any other.
const SHORT_PAUSE: Duration = Duration::from_millis(200);
const MOST_MEETINGS: u32 = 20;

/// A job: rounds, each of which does what there is to do.
pub(crate) trait Job: Send + 'static {
    /// Its name in logs and metrics.
    const NAME: &'static str;
    /// Why a round failed.
    type Error: Error + Send + 'static;
    /// Hears once, before its first round, how it is told to stop: for a job whose rounds may be long, so that they end soon after.
    fn heed(&mut self, _stop: &Stop) {}
    /// One round. Returns how many things it did.
    fn round(&mut self) -> impl Future<Output = Result<usize, Self::Error>> + Send;
}

/// A job that is being kept going.
pub(crate) struct Supervised {
    name: &'static str,
    stopper: Stopper,
    task: JoinHandle<()>,
}

/// Starts a job with a round `every` so often. `make` makes it anew after a panic, which may have left it in pieces.
pub(crate) fn start<J: Job>(
    make: impl Fn() -> J + Send + 'static,
    every: Duration,
    metrics: Jobs,
    clock: Arc<dyn Clock>,
) -> Supervised {
    let (stopper, stop) = stop::pair();
    let supervisor = Supervisor { every, metrics, clock, failures: 0, met: 0 };
    Supervised { name: J::NAME, stopper, task: tokio::spawn(supervisor.keep(make, stop)) }
}

impl Supervised {
    /// Ends the job after one more round, or without it if that takes longer than `patience`.
    pub(crate) async fn finish(mut self, patience: Duration) {
        self.stopper.stop();
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            tracing::error!(
                job = self.name,
                "the last round did not end in time; what it leaves is taken up at the next start"
            );
            self.task.abort();
        }
    }
}

struct Supervisor {
    every: Duration,
    metrics: Jobs,
    clock: Arc<dyn Clock>,
    failures: u32,
    /// Rounds in a row that met others at work.
    met: u32,
}

impl Supervisor {
    async fn keep<J: Job>(mut self, make: impl Fn() -> J, mut stop: Stop) {
        let told = stop.clone();
        let made = move || {
            let mut job = make();
            job.heed(&told);
            job
        };
        let mut job = made();
        loop {
            // Looked at before the round, so that the last round begins after the order to stop.
            let last = stop.is_told();
            let began = self.clock.now();
            let (again, done) = match round(job).await {
                Ok((job, outcome)) => {
                    let done = outcome.as_ref().ok().copied();
                    if outcome.as_ref().is_err_and(|error| is_busy(error)) && self.met < MOST_MEETINGS {
                        self.met += 1;
                    } else {
                        self.met = 0;
                        self.note(J::NAME, outcome.map_err(|error| describe(&error)));
                    }
                    (job, done)
                }
                Err(Panicked) => {
                    self.panicked(J::NAME);
                    (made(), None)
                }
            };
            job = again;
            self.tell(J::NAME, began, done);
            if last {
                return;
            }
            tokio::select! {
                () = stop.told() => {}
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }

    fn note(&mut self, name: &'static str, outcome: Result<usize, String>) {
        let now = self.clock.now().unix_seconds();
        match outcome {
            Ok(things) => {
                if self.failures > 0 {
                    tracing::info!(job = name, failures = self.failures, "the job works again");
                }
                self.failures = 0;
                self.metrics.round(name, Outcome::Done(u64::try_from(things).unwrap_or(u64::MAX)), now);
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.metrics.round(name, Outcome::Failed, now);
                tracing::error!(job = name, error, failures = self.failures, pause = ?self.pause(), "a round of the job failed");
            }
        }
    }

    fn panicked(&mut self, name: &'static str) {
        self.failures = self.failures.saturating_add(1);
        self.metrics.round(name, Outcome::Panicked, self.clock.now().unix_seconds());
        tracing::error!(job = name, failures = self.failures, pause = ?self.pause(), "a round of the job panicked; the job begins anew");
    }

    /// Tells people how the round went that began then.
    fn tell(&self, name: &'static str, began: Timestamp, done: Option<usize>) {
        let now = self.clock.now();
        let pause = i64::try_from(self.pause().as_micros()).unwrap_or(i64::MAX);
        let round = JobRound {
            ended_at: now,
            took: now.since(began),
            done: done.map(|done| u64::try_from(done).unwrap_or(u64::MAX)),
            failures: self.failures,
            next_at: Timestamp::from_micros(now.micros().saturating_add(pause)),
        };
        self.metrics.board.note(name, round);
    }

    /// The pause before the next round: twice as long after each failure.
    fn pause(&self) -> Duration {
        if self.met > 0 {
            return self.every.min(SHORT_PAUSE);
        }
        let factor = 2_u32.saturating_pow(self.failures.min(16));
        self.every.saturating_mul(factor).min(LONGEST_PAUSE.max(self.every))
    }
}

struct Panicked;

/// One round in a task of its own, so that a panic ends the round and not the job.
async fn round<J: Job>(mut job: J) -> Result<(J, Result<usize, J::Error>), Panicked> {
    let task = tokio::spawn(async move {
        let outcome = job.round().await;
        (job, outcome)
    });
    // A round is never aborted, so a task that did not end panicked.
    task.await.map_err(|_| Panicked)
}

/// Whether a round merely met others at work, which says nothing about the job: waiting longer and longer would keep it from its turn
/// for as long as they are.
fn is_busy(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let store = error.downcast_ref::<StoreError>();
        let ops = error.downcast_ref::<bailiwick_ops::Error>();
        let sign = error.downcast_ref::<SignError>();
        if matches!(store, Some(StoreError::Busy))
            || matches!(ops, Some(bailiwick_ops::Error::Store(StoreError::Busy)))
            || matches!(sign, Some(SignError::Store(StoreError::Busy)))
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with its causes.
pub(crate) fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::disallowed_methods,
        reason = "tests, on the runtime's paused clock"
    )]
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::*;

    const EVERY: Duration = Duration::from_millis(100);

    struct StoppedClock;
    impl Clock for StoppedClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(7_000_000)
        }
    }

    #[derive(Debug, thiserror::Error)]
    enum Fault {
        #[error("the disk is full")]
        Full,
        #[error("the log could not be read")]
        Store(#[from] StoreError),
    }

    /// Follows a script of outcomes, then goes on well; notes when each round began, in milliseconds.
    #[derive(Clone)]
    struct Scripted {
        script: Arc<Mutex<Vec<char>>>,
        begun: Arc<Mutex<Vec<u128>>>,
        origin: Instant,
    }

    impl Job for Scripted {
        const NAME: &'static str = "scripted";
        type Error = Fault;
        async fn round(&mut self) -> Result<usize, Fault> {
            self.begun.lock().unwrap().push((Instant::now() - self.origin).as_millis());
            let next = self.script.lock().unwrap().pop();
            match next {
                Some('f') => Err(Fault::Full),
                Some('b') => Err(StoreError::Busy.into()),
                Some('p') => panic!("scripted"),
                Some('s') => {
                    tokio::time::sleep(Duration::from_secs(3600)).await;
                    Ok(1)
                }
                _ => Ok(2),
            }
        }
    }

    fn scripted(script: &str) -> (Scripted, Jobs) {
        let script = Arc::new(Mutex::new(script.chars().rev().collect()));
        (Scripted { script, begun: Arc::default(), origin: Instant::now() }, Jobs::default())
    }

    fn run(job: &Scripted, metrics: &Jobs) -> Supervised {
        let job = job.clone();
        start(move || job.clone(), EVERY, metrics.clone(), Arc::new(StoppedClock))
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_fails_or_panics_is_tried_again_later_and_later() {
        let (job, metrics) = scripted("dfpfd");
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(1_750)).await;
        assert_eq!(*job.begun.lock().unwrap(), [0, 100, 300, 700, 1500, 1600, 1700]);
        assert_eq!(metrics.failing("scripted"), 0);
        supervised.finish(EVERY).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_met_others_at_work_is_tried_again_soon_and_did_not_fail() {
        let (job, metrics) = scripted("bbfb");
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(*job.begun.lock().unwrap(), [0, 100, 200]);
        assert_eq!(metrics.failing("scripted"), 1, "a full disk is a failure");
        supervised.finish(EVERY).await;
        let (job, metrics) = scripted(&"b".repeat(50));
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(2_050)).await;
        assert_eq!(metrics.failing("scripted"), 1, "nobody is at work for ever");
        supervised.finish(EVERY).await;
    }

    #[tokio::test(start_paused = true)]
    async fn operator_sees_how_often_a_job_failed() {
        let (job, metrics) = scripted("fp");
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(metrics.failing("scripted"), 2);
        supervised.finish(EVERY).await;
        assert_eq!(metrics.failing("scripted"), 0, "the last round went well");
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_does_one_more_round_before_the_end() {
        let (job, metrics) = scripted("d");
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(job.begun.lock().unwrap().len(), 1);
        supervised.finish(Duration::from_secs(1)).await;
        assert_eq!(*job.begun.lock().unwrap(), [0, 50]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_last_round_that_hangs_does_not_hold_up_the_end() {
        let (job, metrics) = scripted("ds");
        let supervised = run(&job, &metrics);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let before = Instant::now();
        supervised.finish(Duration::from_secs(2)).await;
        assert_eq!(Instant::now() - before, Duration::from_secs(2));
    }

    /// Goes on until it is told to stop, and tells when its rounds ended, in milliseconds.
    struct Long {
        stop: Option<Stop>,
        ended: Arc<Mutex<Vec<u128>>>,
        origin: Instant,
    }

    impl Job for Long {
        const NAME: &'static str = "long";
        type Error = Fault;
        fn heed(&mut self, stop: &Stop) {
            self.stop = Some(stop.clone());
        }
        async fn round(&mut self) -> Result<usize, Fault> {
            while !self.stop.as_ref().is_some_and(Stop::is_told) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.ended.lock().unwrap().push((Instant::now() - self.origin).as_millis());
            Ok(1)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_round_that_heeds_the_order_to_stop_ends_at_once() {
        let (ended, origin) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let noted = Arc::clone(&ended);
        let make = move || Long { stop: None, ended: Arc::clone(&noted), origin };
        let supervised = start(make, EVERY, Jobs::default(), Arc::new(StoppedClock));
        tokio::time::sleep(Duration::from_millis(995)).await;
        supervised.finish(Duration::from_secs(10)).await;
        let ended = ended.lock().unwrap();
        assert_eq!(ended.len(), 2, "the round it was in, and the last one");
        assert!(ended.iter().all(|at| (995..=1_010).contains(at)), "{ended:?}");
    }

    #[test]
    fn the_pause_never_exceeds_half_a_minute_unless_the_rounds_are_rarer() {
        let supervisor = |every, failures| Supervisor {
            every,
            metrics: Jobs::default(),
            clock: Arc::new(StoppedClock),
            failures,
            met: 0,
        };
        assert_eq!(supervisor(EVERY, 0).pause(), EVERY);
        assert_eq!(supervisor(EVERY, 3).pause(), Duration::from_millis(800));
        assert_eq!(supervisor(EVERY, u32::MAX).pause(), LONGEST_PAUSE);
        assert_eq!(supervisor(Duration::from_secs(60), 5).pause(), Duration::from_secs(60));
    }
}
