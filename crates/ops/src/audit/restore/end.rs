//! What becomes of a segment that was asked for: it is back, it could not be brought back, or its time is over.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{AuditRestore, RestoreState, Severity},
    ids::{AuditRestoreId, TenantId},
    rule::{ByJob, RestoreSegment},
};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Recorded, Scope, Store, Tx,
    audit::restore::{self, Back, Work},
};

use crate::{Error, Result, sign_in::attempts::Stop};

/// Ends a restore before its time. A job takes the records again.
///
/// # Errors
/// `NotFound`; `Conflict` for one that has ended or failed.
pub async fn end(store: &Store, permit: &Permit<RestoreSegment>, id: AuditRestoreId) -> Result<()> {
    store
        .change(permit, async |tx| over(tx, id, "audit_restore.ended").await.map(|done| done.map(drop)))
        .await
}

async fn over(tx: &mut Tx, id: AuditRestoreId, action: &'static str) -> Result<Recorded<AuditRestore>> {
    let before = restore::lock(tx, id).await?;
    if !matches!(before.state, RestoreState::Waiting | RestoreState::Done) {
        return Err(Error::Conflict("This segment is not back any more."));
    }
    let now = tx.now();
    let after = AuditRestore {
        state: RestoreState::Ended,
        finished_at: before.finished_at.or(Some(now)),
        expires_at: before.expires_at.min(now),
        ..before.clone()
    };
    let written = restore::replace(tx, before, after.clone()).await?;
    let event = Event::new(action, &written)?;
    Ok(tx.record(event, after))
}

/// What the job does with segments that were asked for; where their files come from is the server's.
#[derive(Clone)]
pub struct Restores {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Restores {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Tenants with something to do.
    ///
    /// # Errors
    /// The database's.
    pub async fn tenants(&self) -> Result<Vec<TenantId>> {
        Ok(restore::tenants_with_work(&self.store).await?)
    }

    /// What there is to do for a tenant.
    ///
    /// # Errors
    /// The database's.
    pub async fn work(&self, tenant: TenantId) -> Result<Work> {
        Ok(restore::work(&mut self.store.read(&self.permit(tenant)).await?).await?)
    }

    /// What was asked for.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, tenant: TenantId, id: AuditRestoreId) -> Result<AuditRestore> {
        Ok(restore::find(&mut self.store.read(&self.permit(tenant)).await?, id).await?)
    }

    /// Puts records back that the archive gave. Returns how many came back; nothing where it was ended meanwhile.
    ///
    /// # Errors
    /// `Corrupt` of the store for a record that is not the one that was taken.
    pub async fn put(&self, tenant: TenantId, id: AuditRestoreId, records: &[Back]) -> Result<Option<i64>> {
        Ok(restore::put(&self.store, &self.permit(tenant), id, records).await?)
    }

    /// Notes that a segment is back, with so many records.
    ///
    /// # Errors
    /// The database's. One that was ended meanwhile stays so.
    pub async fn finish(&self, tenant: TenantId, id: AuditRestoreId, records: i64) -> Result<()> {
        self.settle(tenant, id, "audit_restore.finished", |before| AuditRestore {
            state: RestoreState::Done,
            records,
            ..before
        })
        .await
    }

    /// Notes that a segment could not be brought back, and why. What of it came back goes again.
    ///
    /// # Errors
    /// The database's. One that was ended meanwhile stays so.
    pub async fn fail(&self, tenant: TenantId, id: AuditRestoreId, why: &'static str) -> Result<()> {
        self.settle(tenant, id, "audit_restore.failed", |before| AuditRestore {
            state: RestoreState::Failed,
            failure: Some(why.to_owned()),
            ..before
        })
        .await
    }

    /// Ends one whose time is over.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire(&self, tenant: TenantId, id: AuditRestoreId) -> Result<()> {
        let ended: Result<AuditRestore, Stop> = self
            .store
            .change(&self.permit(tenant), async |tx| {
                over(tx, id, "audit_restore.expired").await.map_err(Stop::Unsaid)
            })
            .await;
        quiet(ended.map(drop))
    }

    /// Takes some of the records again that an ended one had brought back. Returns how many went; none at the end.
    ///
    /// # Errors
    /// The database's.
    pub async fn take_back(&self, tenant: TenantId, id: AuditRestoreId) -> Result<usize> {
        Ok(restore::take_back(&self.store, &self.permit(tenant), id).await?)
    }

    async fn settle(
        &self,
        tenant: TenantId,
        id: AuditRestoreId,
        action: &'static str,
        image: impl FnOnce(AuditRestore) -> AuditRestore,
    ) -> Result<()> {
        let settled: Result<(), Stop> = self
            .store
            .change(&self.permit(tenant), async |tx| {
                let before = restore::lock(tx, id).await?;
                if before.state != RestoreState::Waiting {
                    return Err(Stop::Unsaid(Error::Conflict("The restore was ended.")));
                }
                let after = AuditRestore { finished_at: Some(tx.now()), ..image(before.clone()) };
                let failed = after.state == RestoreState::Failed;
                let written = restore::replace(tx, before, after).await?;
                let event = Event::new(action, &written)?;
                let event = if failed {
                    event.raising(
                        Severity::Warning,
                        "A segment of the audit archive could not be brought back",
                    )
                } else {
                    event
                };
                Ok(tx.record(event, ()))
            })
            .await;
        quiet(settled)
    }

    fn permit(&self, tenant: TenantId) -> Permit<ByJob> {
        self.jobs.permit(Job::Retention, tenant)
    }
}

/// What somebody ended meanwhile is no failure.
fn quiet(done: Result<(), Stop>) -> Result<()> {
    match done {
        Ok(()) | Err(Stop::Unsaid(Error::Conflict(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
