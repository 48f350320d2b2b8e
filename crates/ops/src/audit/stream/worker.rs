//! The worker: finds streams with something to do, and carries each in a task of its own, so that one that is slow holds up no other.

use std::{collections::HashSet, sync::Arc};

use bailiwick_store::{
    Job, Jobs, Store,
    audit::stream::{self, Due},
};
use bailiwick_stream::Sinks;
use tokio::task::JoinSet;

use super::attempt::Attempts;
use crate::{Error, Result};

/// Streams that are carried at once.
const AT_ONCE: usize = 32;
/// Parcels of one stream that are handed on one after the other, before others have their turn.
const IN_A_ROW: usize = 20;

/// Carries streams. Several may work over one database; each stream is carried by one of them at a time.
pub struct Worker {
    store: Store,
    jobs: Arc<Jobs>,
    sinks: Arc<dyn Sinks>,
    running: JoinSet<(Due, Result<usize>)>,
    /// Which ones are carried here.
    carried: HashSet<(bailiwick_domain::ids::TenantId, bailiwick_domain::ids::StreamId)>,
}

impl Worker {
    /// Over `store`, out through `sinks`.
    pub fn new(store: Store, jobs: Arc<Jobs>, sinks: Arc<dyn Sinks>) -> Self {
        Self { store, jobs, sinks, running: JoinSet::new(), carried: HashSet::new() }
    }

    /// Sees what has ended, and begins what is due. Returns how many records arrived since the last round.
    ///
    /// It waits for no other side: what hangs goes on beside the rounds, and is dropped with this value, which costs nothing but that
    /// the parcel is sent again.
    ///
    /// # Errors
    /// The first failure; the others were carried all the same. That the other side of a stream is away is none.
    pub async fn round(&mut self) -> Result<usize> {
        let (mut arrived, mut failed) = (0, None);
        while let Some(ended) = self.running.try_join_next() {
            self.note(ended, &mut arrived, &mut failed);
        }
        for due in stream::due(&self.store, AT_ONCE as i64).await? {
            if self.running.len() >= AT_ONCE || !self.carried.insert((due.tenant, due.stream)) {
                continue;
            }
            let permit = self.jobs.permit(Job::Streams, due.tenant);
            let attempts = Attempts { store: self.store.clone(), sinks: Arc::clone(&self.sinks), permit };
            self.running.spawn(async move { (due, attempts.carry(due.stream, IN_A_ROW).await) });
        }
        failed.map_or(Ok(arrived), Err)
    }

    /// Waits for everything that has begun. Returns how many records arrived.
    ///
    /// # Errors
    /// As [`round`](Self::round).
    pub async fn finish(&mut self) -> Result<usize> {
        let (mut arrived, mut failed) = (0, None);
        while let Some(ended) = self.running.join_next().await {
            self.note(ended, &mut arrived, &mut failed);
        }
        failed.map_or(Ok(arrived), Err)
    }

    fn note(
        &mut self,
        ended: std::result::Result<(Due, Result<usize>), tokio::task::JoinError>,
        arrived: &mut usize,
        failed: &mut Option<Error>,
    ) {
        match ended {
            Ok((due, outcome)) => {
                self.carried.remove(&(due.tenant, due.stream));
                match outcome {
                    Ok(count) => *arrived += count,
                    Err(error) => {
                        tracing::error!(stream = %due.stream, %error, "a stream could not be carried");
                        *failed = failed.take().or(Some(error));
                    }
                }
            }
            // Nobody aborts these tasks, so this one panicked, and does not say which it was: its lease ends by itself.
            Err(error) => {
                tracing::error!(%error, "the carrier of a stream panicked");
                if self.running.is_empty() {
                    self.carried.clear();
                }
            }
        }
    }
}
