//! The end of the writing: the file is there as a whole, or never will be.

use bailiwick_domain::{
    entity::{AuditExport, ExportState, Severity},
    ids::AuditExportId,
    rule::ByJob,
};
use bailiwick_store::{
    Event, Permit, Scope,
    audit::export::{self, Progress},
};

use super::{Exports, Spool, write::in_peace};
use crate::{Error, Result, sign_in::attempts::Stop};

impl Exports {
    /// Digests what is written and says so; false where it is to end before that.
    pub(super) async fn finish(
        &self,
        permit: &Permit<ByJob>,
        export: &AuditExport,
        progress: Progress,
    ) -> Result<bool> {
        let path = self.spool.path(permit.tenant().ok_or(Error::NotFound)?, export);
        let writing = self.clone();
        let digested = in_peace(move || Spool::digest(&path, || writing.is_to_end())).await;
        let (octets, digest) = match digested {
            Ok(Some(digested)) => digested,
            Ok(None) => {
                export::advance(&self.store, permit, export.id, progress, false).await?;
                return Ok(false);
            }
            Err(error) => {
                tracing::error!(id = %export.id, %error, "an export that was written cannot be read");
                let text = "The server could not read the file again.";
                return self.fail(permit, export.id, text).await.map(|()| true);
            }
        };
        let done: Result<(), Stop> = self
            .store
            .change(permit, async |tx| {
                let before = export::lock(tx, export.id).await?;
                if before.state != ExportState::Waiting {
                    return Err(Stop::Unsaid(Error::Conflict("The export was removed.")));
                }
                let after = AuditExport {
                    state: ExportState::Done,
                    records: Some(progress.records),
                    octets: Some(i64::try_from(octets).unwrap_or(i64::MAX)),
                    digest: Some(digest.clone()),
                    finished_at: Some(tx.now()),
                    ..before.clone()
                };
                let written = export::replace(tx, before, after).await?;
                let event = Event::new("audit_export.finished", &written)?;
                Ok(tx.record(event, ()))
            })
            .await;
        if matches!(done, Err(Stop::Unsaid(_))) {
            // Removed while it was written: the file must not outlive that.
            self.spool.remove(permit.tenant().ok_or(Error::NotFound)?, export).await;
        }
        done?;
        Ok(true)
    }

    pub(super) async fn fail(
        &self,
        permit: &Permit<ByJob>,
        id: AuditExportId,
        text: &'static str,
    ) -> Result<()> {
        let failed: Result<AuditExport, Stop> = self
            .store
            .change(permit, async |tx| {
                let before = export::lock(tx, id).await?;
                if before.state != ExportState::Waiting {
                    return Err(Stop::Unsaid(Error::Conflict("The export was removed.")));
                }
                let after = AuditExport {
                    state: ExportState::Failed,
                    failure: Some(text.to_owned()),
                    finished_at: Some(tx.now()),
                    ..before.clone()
                };
                let written = export::replace(tx, before, after.clone()).await?;
                let event = Event::new("audit_export.failed", &written)?
                    .raising(Severity::Warning, "An export of the audit log could not be written");
                Ok(tx.record(event, after))
            })
            .await;
        let export = failed?;
        self.spool.remove(permit.tenant().ok_or(Error::NotFound)?, &export).await;
        Ok(())
    }
}
