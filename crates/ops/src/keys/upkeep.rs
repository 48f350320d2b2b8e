//! What nobody has to ask for: learning of other servers' keys, rotating what is due, wrapping anew, destroying what was asked for,
//! and recording sealed values that do not open.

use std::sync::{Arc, Mutex, PoisonError};

use bailiwick_domain::{
    entity::{SealedFault, Severity},
    ids::TenantId,
    time::{Span, Timestamp},
};
use bailiwick_store::{
    Error as StoreError, Event, Job, Jobs, Store,
    keys::{self, Fault},
};

use super::{destroy::carry_out, rotate::by_schedule};
use crate::{Error, Result};

/// Versions that were made so long before the last look are looked at again: another server's clock may be behind.
const OVERLAP: Span = Span::minutes(2);
/// Steps of wrapping anew that one round takes for one tenant, so that every tenant has its turn.
const STEPS: usize = 8;

/// Keeps the keys. Several servers may do so over one database.
#[derive(Clone)]
pub struct Upkeep {
    store: Store,
    jobs: Arc<Jobs>,
    /// Whether this server rotates by schedule.
    rotates: bool,
    learnt: Arc<Mutex<Option<Timestamp>>>,
}

impl Upkeep {
    /// Over `store`; `rotates` says whether keys are rotated by schedule.
    pub fn new(store: Store, jobs: Arc<Jobs>, rotates: bool) -> Self {
        Self { store, jobs, rotates, learnt: Arc::default() }
    }

    /// Does what there is to do, and returns how many things that were.
    ///
    /// # Errors
    /// The first failure; the rest was done all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut done, mut failed) = (0, None);
        let parts = [
            self.learn().await,
            self.faults().await,
            if self.rotates { self.rotate().await } else { Ok(0) },
            self.rewrap().await,
            self.destroy().await,
        ];
        for part in parts {
            match part {
                Ok(things) => done += things,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn learn(&self) -> Result<usize> {
        let now = self.store.now();
        let last = *self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let learnt = keys::learn(&self.store, last.unwrap_or(now) - OVERLAP).await?;
        *self.learnt.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(learnt)
    }

    async fn faults(&self) -> Result<usize> {
        let mut recorded = 0;
        let mut found = keys::faults(&self.store).into_iter();
        while let Some(fault) = found.next() {
            if let Err(error) = self.record(&fault).await {
                keys::put_fault_back(&self.store, fault);
                found.for_each(|fault| keys::put_fault_back(&self.store, fault));
                return Err(error);
            }
            recorded += 1;
        }
        Ok(recorded)
    }

    async fn record(&self, fault: &Fault) -> Result<()> {
        let permit = self.jobs.permit(Job::Keys, fault.tenant);
        let told =
            format!("A sealed value in {}.{} does not open: {}", fault.table, fault.column, fault.problem);
        self.store
            .change(&permit, async |tx| {
                let written = keys::note_fault(
                    tx,
                    SealedFault {
                        id: self.store.new_id(),
                        table: fault.table.clone(),
                        column: fault.column.clone(),
                        row: fault.row.clone(),
                        problem: fault.problem.clone(),
                        found_at: fault.found_at,
                    },
                );
                let event = Event::new("sealed_value.refused", &written)?.raising(Severity::High, told);
                Ok(tx.record(event, ()))
            })
            .await
    }

    async fn rotate(&self) -> Result<usize> {
        let (mut rotated, mut after, mut failed) = (0, None, None);
        loop {
            let due = keys::tenants_due(&self.store, after, self.store.now()).await?;
            let Some(last) = due.last().copied() else { break };
            for tenant in due {
                match by_schedule(&self.store, &self.jobs.permit(Job::Keys, tenant)).await {
                    Ok(()) => rotated += 1,
                    // Another server was quicker.
                    Err(Error::Conflict(_)) => {}
                    // Nobody's key can be made now.
                    Err(error @ Error::Store(StoreError::KeysAway)) => return Err(error),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            after = Some(last);
        }
        failed.map_or(Ok(rotated), Err)
    }

    async fn rewrap(&self) -> Result<usize> {
        let (mut wrapped, mut after, mut failed) = (0, None, None);
        loop {
            let behind = keys::tenants_behind(&self.store, after).await?;
            let Some(last) = behind.last().copied() else { break };
            for tenant in behind {
                match self.rewrap_some(tenant).await {
                    Ok(some) => wrapped += some,
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            after = Some(last);
        }
        failed.map_or(Ok(wrapped), Err)
    }

    async fn rewrap_some(&self, tenant: TenantId) -> Result<usize> {
        let permit = self.jobs.permit(Job::Keys, tenant);
        // Looked at without a turn at the writer: mostly nothing is left.
        if keys::left(&mut self.store.read(&permit).await?).await?.left == 0 {
            return Ok(0);
        }
        let mut wrapped = 0;
        for _ in 0..STEPS {
            match keys::rewrap(&self.store, &permit).await? {
                0 => break,
                some => wrapped += some,
            }
        }
        Ok(wrapped)
    }

    async fn destroy(&self) -> Result<usize> {
        let (mut destroyed, mut failed) = (0, None);
        for (tenant, id) in keys::destructions_due(&self.store, self.store.now()).await? {
            match carry_out(&self.store, &self.jobs.permit(Job::Keys, tenant), id).await {
                Ok(()) => destroyed += 1,
                Err(Error::Conflict(_) | Error::NotFound | Error::Held(_)) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(destroyed), Err)
    }
}
