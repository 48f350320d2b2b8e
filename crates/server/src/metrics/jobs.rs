//! Counting the rounds of background jobs.

use bailiwick_web::jobs::JobBoard;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    job: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Round {
    job: &'static str,
    outcome: &'static str,
}

/// The metrics of all jobs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jobs {
    rounds: Family<Round, Counter>,
    done: Family<Job, Counter>,
    last: Family<Job, Gauge>,
    failing: Family<Job, Gauge>,
    /// The same for people.
    pub(crate) board: JobBoard,
}

/// How a round of a job went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did this many things.
    Done(u64),
    /// It answered an error.
    Failed,
    /// It panicked.
    Panicked,
}

impl Jobs {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let jobs = Self::default();
        registry.register("job_rounds", "Rounds of background jobs, by outcome", jobs.rounds.clone());
        registry.register(
            "job_things_done",
            "Events placed, trees signed: what the job is for",
            jobs.done.clone(),
        );
        let last = "When the job last ended a round well, in seconds since 1970";
        registry.register_with_unit("job_last_success_timestamp", last, Unit::Seconds, jobs.last.clone());
        registry.register("job_failing", "Rounds that failed since one ended well", jobs.failing.clone());
        jobs
    }

    /// Counts a round that ended at `now`, in seconds since 1970.
    pub(crate) fn round(&self, job: &'static str, outcome: Outcome, now: u64) {
        let name = match outcome {
            Outcome::Done(_) => "done",
            Outcome::Failed => "failed",
            Outcome::Panicked => "panicked",
        };
        self.rounds.get_or_create(&Round { job, outcome: name }).inc();
        let labels = Job { job };
        if let Outcome::Done(things) = outcome {
            self.done.get_or_create(&labels).inc_by(things);
            self.last.get_or_create(&labels).set(i64::try_from(now).unwrap_or(i64::MAX));
            self.failing.get_or_create(&labels).set(0);
        } else {
            self.failing.get_or_create(&labels).inc();
        }
    }

    /// Rounds of a job that failed since one ended well.
    #[cfg(test)]
    pub(crate) fn failing(&self, job: &'static str) -> i64 {
        self.failing.get_or_create(&Job { job }).get()
    }
}
