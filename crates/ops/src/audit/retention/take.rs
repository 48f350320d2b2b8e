//! Taking what is over, segment by segment, each step with a record.

use std::sync::Arc;

use bailiwick_domain::{ids::TenantId, rule::ByJob};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Store,
    audit::retention::{self, Extent},
    tenants,
};

use crate::{Error, Result, sign_in::attempts::Stop};

/// Leaves that are looked at in one go.
const LOOKED_AT: i64 = 65_536;

/// Takes what is over. Several servers may do so over one database: each step is judged anew in its own transaction.
#[derive(Clone)]
pub struct Retention {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Retention {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Tenants with anything to take, behind `after`.
    ///
    /// # Errors
    /// The database's.
    pub async fn tenants(&self, after: Option<TenantId>) -> Result<Vec<TenantId>> {
        Ok(retention::tenants_with_days(&self.store, after).await?)
    }

    /// The segments of which something is due, of the leaves from `from` on, and where to go on.
    ///
    /// # Errors
    /// The database's.
    pub async fn due(&self, tenant: TenantId, from: i64) -> Result<(Vec<Extent>, Option<i64>)> {
        let permit = self.permit(tenant);
        let mut view = self.store.read(&permit).await?;
        let days = retention::days(&mut view).await?;
        let mut look = retention::look(&mut view, &days, from, LOOKED_AT).await?;
        look.segments.retain(|segment| segment.due > 0);
        Ok((look.segments, look.next))
    }

    /// Takes what is due of a segment that the archive was just seen to hold. Returns how many records went.
    ///
    /// Each step is one transaction with its record, so whoever is killed in between leaves a log that is whole.
    ///
    /// # Errors
    /// The database's, and `Corrupt` of the store for a record that is not what was hashed.
    pub async fn take(&self, tenant: TenantId, segment: Extent) -> Result<i64> {
        let permit = self.permit(tenant);
        let (mut taken, mut next) = (0, Some(segment.first));
        while let Some(from) = next {
            let (records, behind) = self.step(&permit, segment, from).await?;
            taken += records;
            next = behind;
        }
        Ok(taken)
    }

    async fn step(&self, permit: &Permit<ByJob>, segment: Extent, from: i64) -> Result<(i64, Option<i64>)> {
        let mut behind = None;
        let step: Result<i64, Stop> = self
            .store
            .change(permit, async |tx| {
                // Whoever places a hold or changes the days waits for this, or this for them.
                tenants::lock_policy(tx).await?;
                let days = retention::days(tx).await?;
                let taken = retention::retire(tx, self.store.new_id(), &days, segment, from).await?;
                behind = taken.next;
                // Nothing was written, so there is nothing to record.
                let Some(written) = taken.written else { return Err(Stop::Unsaid(Error::NotFound)) };
                let records = written.entity().map_or(0, |retirement| retirement.records);
                let event = Event::new("audit_retirement.applied", &written)?;
                Ok(tx.record(event, records))
            })
            .await;
        match step {
            Ok(records) => Ok((records, behind)),
            Err(Stop::Unsaid(Error::NotFound)) => Ok((0, behind)),
            Err(error) => Err(error.into()),
        }
    }

    fn permit(&self, tenant: TenantId) -> Permit<ByJob> {
        self.jobs.permit(Job::Retention, tenant)
    }
}
