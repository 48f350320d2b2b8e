//! Requests that wait for one transaction together.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bailiwick_domain::{ids::TenantId, rule::RecordEvents};
use tokio::sync::oneshot;

use super::{Batch, Ingested, MOST_WAITING, write::write};
use crate::{Error, Permit, Result, Store};

/// Events at most in one transaction, unless one request has more.
const GROUP: usize = 1_024;
/// How often a transaction that met others is tried.
const TRIES: u64 = 5;

/// One request's batch, and who waits for what becomes of it.
pub(super) struct Job {
    pub(super) permit: Arc<Permit<RecordEvents>>,
    pub(super) batch: Batch,
    told: oneshot::Sender<Result<Ingested>>,
}

impl Job {
    pub(super) fn new(
        permit: Arc<Permit<RecordEvents>>,
        batch: Batch,
    ) -> (Self, oneshot::Receiver<Result<Ingested>>) {
        let (told, answer) = oneshot::channel();
        (Self { permit, batch, told }, answer)
    }

    fn tell(self, answer: Result<Ingested>) {
        // Nobody listening: the client went away after its events were stored.
        drop(self.told.send(answer));
    }
}

/// What waits, by tenant. A tenant is in here exactly while somebody leads.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<TenantId, Waiting>>);

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    events: usize,
}

impl Queues {
    /// Takes a job in. Says whether somebody has to lead.
    pub(super) fn push(&self, tenant: TenantId, job: Job) -> Result<bool> {
        let mut queues = self.queues();
        let lead = !queues.contains_key(&tenant);
        let waiting = queues.entry(tenant).or_default();
        let events = waiting.events + job.batch.events.len();
        if !waiting.jobs.is_empty() && events > MOST_WAITING {
            return Err(Error::Busy);
        }
        waiting.events = events;
        waiting.jobs.push_back(job);
        Ok(lead)
    }

    /// What is written next. Where there is nothing, nobody leads any more.
    fn take(&self, tenant: TenantId) -> Vec<Job> {
        let mut queues = self.queues();
        let (mut jobs, mut events) = (Vec::new(), 0);
        if let Some(waiting) = queues.get_mut(&tenant) {
            while let Some(next) = waiting.jobs.front() {
                let more = next.batch.events.len();
                if !jobs.is_empty() && events + more > GROUP {
                    break;
                }
                events += more;
                jobs.extend(waiting.jobs.pop_front());
            }
            waiting.events -= events.min(waiting.events);
        }
        if jobs.is_empty() {
            queues.remove(&tenant);
        }
        jobs
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leads a tenant's queue until nothing waits in it.
pub(super) async fn lead(store: &Store, tenant: TenantId) {
    let mut leading = Leading { store, tenant, done: false };
    loop {
        let jobs = store.shared.ingest.take(tenant);
        if jobs.is_empty() {
            leading.done = true;
            return;
        }
        write_all(store, tenant, jobs).await;
    }
}

/// Should whoever leads panic or be stopped, those who wait are told to come again, and the next one leads.
struct Leading<'s> {
    store: &'s Store,
    tenant: TenantId,
    /// Nothing waits, and the next one who comes leads: what is in the queue by now is theirs.
    done: bool,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.store.shared.ingest.queues().remove(&self.tenant);
        }
    }
}

/// Writes a group and tells everybody.
async fn write_all(store: &Store, tenant: TenantId, jobs: Vec<Job>) {
    let mut tries = 1;
    let written = loop {
        match write(store, tenant, &jobs).await {
            Err(Error::Busy) if tries < TRIES => {
                // Another process wrote to the same things; it is done in a moment.
                tokio::time::sleep(Duration::from_millis(2 * tries)).await;
                tries += 1;
            }
            written => break written,
        }
    };
    match written {
        Ok(answers) => jobs.into_iter().zip(answers).for_each(|(job, answer)| job.tell(answer)),
        Err(error) => {
            tracing::error!(%error, cause = ?std::error::Error::source(&error), "events of the product were not stored");
            let full = matches!(error, Error::Full);
            let mut cause = Some(error).filter(|_| jobs.len() == 1);
            for job in jobs {
                let otherwise = if full { Error::Full } else { Error::Busy };
                job.tell(Err(cause.take().unwrap_or(otherwise)));
            }
        }
    }
}
