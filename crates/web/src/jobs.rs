//! What the background jobs of this server did last. Kept in memory: after a start each job has its first round within its pause.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::time::{Span, Timestamp};

/// How a job's last round went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRound {
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took.
    pub took: Span,
    /// How many things it did; nothing where it failed.
    pub done: Option<u64>,
    /// Rounds that failed since one went well.
    pub failures: u32,
    /// When the next one begins.
    pub next_at: Timestamp,
}

/// The last rounds of every job, by its name. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct JobBoard(Arc<Mutex<BTreeMap<&'static str, JobRound>>>);

impl JobBoard {
    /// Notes a round that has ended.
    pub fn note(&self, name: &'static str, round: JobRound) {
        // Whoever panicked with it left a whole entry or none.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, round);
    }

    /// The last round of each job, by name.
    pub fn rounds(&self) -> Vec<(&'static str, JobRound)> {
        let rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.iter().map(|(name, round)| (*name, *round)).collect()
    }
}
