//! The job of documents: what was cut off, deleted, or kept long enough, goes.

use std::sync::Arc;

use bailiwick_domain::{
    ids::{DocumentId, DocumentVersionId, TenantId},
    rule::ByJob,
    time::Timestamp,
};
use bailiwick_store::{Job, Jobs, Permit, Store, documents};

use super::{Cabinet, STALE, delete::take_away, upload::disk};
use crate::{Error, Result, sign_in::attempts::Stop};

/// Removes what is over. Several servers may do so over one database and one folder.
#[derive(Clone)]
pub struct Documents {
    pub(super) store: Store,
    pub(super) jobs: Arc<Jobs>,
    pub(super) cabinet: Cabinet,
}

impl Documents {
    /// Over `store` and `cabinet`.
    pub const fn new(store: Store, jobs: Arc<Jobs>, cabinet: Cabinet) -> Self {
        Self { store, jobs, cabinet }
    }

    /// Removes uploads that were cut off, files of deleted versions, and documents whose time is over and that no legal hold keeps.
    /// Returns how many.
    ///
    /// # Errors
    /// The first failure; the others were done all the same.
    pub async fn round(&self) -> Result<usize> {
        let now = self.store.now();
        let stale = now - STALE;
        let over = self.cabinet.retention.map_or(Timestamp::from_micros(i64::MIN), |kept| now - kept);
        let (mut done, mut failed) = (0, None);
        for tenant in documents::tenants_with_work(&self.store, stale, over).await? {
            let permit = self.jobs.permit(Job::Documents, tenant);
            let work = documents::work(&mut self.store.read(&permit).await?, stale, over).await?;
            // Documents first: their files go in the next round.
            for id in work.over {
                note(self.expire(&permit, id).await, &mut done, &mut failed);
            }
            for id in work.cut_off {
                note(self.cut_off(&permit, tenant, id).await, &mut done, &mut failed);
            }
            for id in work.files {
                note(self.clear(&permit, tenant, id).await, &mut done, &mut failed);
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn expire(&self, permit: &Permit<ByJob>, id: DocumentId) -> Result<bool> {
        let taken: Result<(), Stop> = self
            .store
            .change(permit, async |tx| {
                let (_, event) = take_away(tx, id, "document.expired").await.map_err(Stop::Unsaid)?;
                Ok(tx.record(event, ()))
            })
            .await;
        match taken {
            Ok(()) => Ok(true),
            // Kept by a hold, or deleted by somebody in the meantime.
            Err(Stop::Unsaid(Error::Held(_) | Error::NotFound)) => Ok(false),
            Err(stop) => Err(stop.into()),
        }
    }

    async fn cut_off(&self, permit: &Permit<ByJob>, tenant: TenantId, id: DocumentVersionId) -> Result<bool> {
        // The row first: without it nobody goes on, and a file that is left behind by a crash opens for nobody.
        if !documents::forget(&self.store, permit, id).await? {
            return Ok(false);
        }
        self.cabinet.clear(tenant, id).await.map_err(disk)?;
        Ok(true)
    }

    async fn clear(&self, permit: &Permit<ByJob>, tenant: TenantId, id: DocumentVersionId) -> Result<bool> {
        let place = documents::version(&mut self.store.read(permit).await?, id).await?.version.place;
        if place != Cabinet::LOCAL {
            // Where the store is not configured any more, the file stays noted.
            self.cabinet.objects().map_err(disk)?;
        }
        self.cabinet.clear(tenant, id).await.map_err(disk)?;
        documents::file_gone(&self.store, permit, id).await?;
        Ok(true)
    }
}

fn note(outcome: Result<bool>, done: &mut usize, failed: &mut Option<Error>) {
    match outcome {
        Ok(removed) => *done += usize::from(removed),
        Err(error) => *failed = failed.take().or(Some(error)),
    }
}
