//! The job that writes exports, and removes those whose time is over.

use std::{io, sync::Arc};

use bailiwick_domain::{
    entity::{AuditExport, ExportFormat},
    ids::AuditExportId,
    rule::ByJob,
};
use bailiwick_store::{
    Error as StoreError, Job, Jobs, Permit, Store,
    audit::export::{self, Chunk, Progress, Proofs, Selection},
};

use super::{Spool, format, remove::take_away, spool::Columns};
use crate::{Error, Result, sign_in::attempts::Stop};

/// Chunks of one export at most before the next one has its turn.
const TURN: usize = 256;

/// Why an export cannot go on.
enum Fault {
    /// Not now; it is tried again.
    Later(Error),
    /// Not at all: what people are told, and what the operator is.
    Never(&'static str, String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(_) | StoreError::Proof(_) => {
                Self::Never("A record could not be read or proven. Verify the audit log.", error.to_string())
            }
            other => Self::Later(other.into()),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Never(
            "The server could not write the file. Its operator finds the reason in the server's log.",
            error.to_string(),
        )
    }
}

/// Writes exports. Several servers may do so over one database; each export is taken by one of them.
#[derive(Clone)]
pub struct Exports {
    pub(super) store: Store,
    jobs: Arc<Jobs>,
    pub(super) spool: Spool,
    /// Whether the writing is to end soon.
    ends: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Exports {
    /// Over `store`, into `spool`.
    pub const fn new(store: Store, jobs: Arc<Jobs>, spool: Spool) -> Self {
        Self { store, jobs, spool, ends: None }
    }

    /// The same, ending between two chunks as soon as `ends` says so. What is unfinished then is open to anybody at once.
    #[must_use]
    pub fn until(self, ends: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { ends: Some(Arc::new(ends)), ..self }
    }

    pub(super) fn is_to_end(&self) -> bool {
        self.ends.as_ref().is_some_and(|ends| ends())
    }

    /// Writes some of every export that waits, and removes those whose time is over, as long as it is not to end. Returns how many were
    /// finished or removed.
    ///
    /// # Errors
    /// The first failure; the others were done all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut done, mut failed) = (0, None);
        'round: for tenant in export::tenants_with_work(&self.store).await? {
            let permit = self.jobs.permit(Job::Exports, tenant);
            let (waiting, over) = export::work(&mut self.store.read(&permit).await?).await?;
            for id in over {
                if self.is_to_end() {
                    break 'round;
                }
                match self.expire(&permit, id).await {
                    Ok(()) => done += 1,
                    // Removed by somebody in the meantime.
                    Err(Error::Conflict(_)) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
            for id in waiting {
                if self.is_to_end() {
                    break 'round;
                }
                match self.go_on(&permit, id).await {
                    Ok(finished) => done += usize::from(finished),
                    Err(Error::Conflict(_)) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn expire(&self, permit: &Permit<ByJob>, id: AuditExportId) -> Result<()> {
        let taken: Result<AuditExport, Stop> = self
            .store
            .change(permit, async |tx| take_away(tx, id, "audit_export.expired").await.map_err(Stop::Unsaid))
            .await;
        let export = taken?;
        self.spool.remove(permit.tenant().ok_or(Error::NotFound)?, &export).await;
        Ok(())
    }

    /// Takes an export on; says whether it is finished.
    async fn go_on(&self, permit: &Permit<ByJob>, id: AuditExportId) -> Result<bool> {
        let Some(progress) = export::begin(&self.store, permit, id).await? else { return Ok(false) };
        let export = export::find(&mut self.store.read(permit).await?, id).await?.export;
        if export.selection == export::ERASED {
            return self.fail(permit, id, "It looked for somebody who was erased.").await.map(|()| true);
        }
        let written = match export.format {
            ExportFormat::Parquet => self.columns(permit, &export, progress).await,
            _ => self.lines(permit, &export, progress).await,
        };
        match written {
            Ok(Some(progress)) => self.finish(permit, &export, progress).await,
            Ok(None) => Ok(false),
            Err(Fault::Later(error)) => Err(error),
            Err(Fault::Never(text, cause)) => {
                tracing::error!(%id, cause, "an export cannot be written");
                self.fail(permit, id, text).await.map(|()| true)
            }
        }
    }

    /// Writes lines for one turn, from where they ended. Gives the place of the end, once that is reached.
    async fn lines(
        &self,
        permit: &Permit<ByJob>,
        export: &AuditExport,
        mut progress: Progress,
    ) -> Result<Option<Progress>, Fault> {
        let selection = Selection::parse(&export.selection)?;
        let path = self.spool.path(permit.tenant().ok_or(Fault::Later(Error::NotFound))?, export);
        if Spool::length(&path)? < progress.octets.unsigned_abs() {
            // Another disk than before: what was written is not there.
            progress = anew(progress);
        }
        let mut proofs = format::proves(export.format).then(Proofs::default);
        for turn in 1..=TURN {
            let chunk = self.read(permit, &selection, progress, proofs.as_mut()).await?;
            let mut octets = Vec::new();
            if progress.octets == 0 {
                format::head(export.format, &mut octets);
            }
            for record in &chunk.records {
                format::line(export.format, record, progress.size, &mut octets);
            }
            let (spool, to, from) = (self.spool.clone(), path.clone(), progress.octets.unsigned_abs());
            let length = octets.len();
            in_peace(move || spool.append(&to, from, &octets)).await?;
            progress = after(progress, &chunk, length);
            let over = chunk.next.is_none();
            let on = over || (turn < TURN && !self.is_to_end());
            let waits = export::advance(&self.store, permit, export.id, progress, on).await?;
            if !waits {
                self.spool.remove(permit.tenant().ok_or(Fault::Later(Error::NotFound))?, export).await;
                return Ok(None);
            }
            if over {
                return Ok(Some(progress));
            }
            if !on {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Writes columns from the beginning to the end: what ends before that begins anew.
    async fn columns(
        &self,
        permit: &Permit<ByJob>,
        export: &AuditExport,
        progress: Progress,
    ) -> Result<Option<Progress>, Fault> {
        let selection = Selection::parse(&export.selection)?;
        let path = self.spool.path(permit.tenant().ok_or(Fault::Later(Error::NotFound))?, export);
        let mut progress = anew(progress);
        let mut proofs = format::proves(export.format).then(Proofs::default);
        let mut columns: Box<dyn Columns> = self.spool.columns(&path)?;
        loop {
            let chunk = self.read(permit, &selection, progress, proofs.as_mut()).await?;
            progress = after(progress, &chunk, 0);
            let (over, size, records) = (chunk.next.is_none(), progress.size, chunk.records);
            columns = in_peace(move || {
                for record in &records {
                    columns.push(record, size)?;
                }
                Ok(columns)
            })
            .await?;
            let on = over || !self.is_to_end();
            if !export::advance(&self.store, permit, export.id, progress, on).await? {
                drop(columns);
                self.spool.remove(permit.tenant().ok_or(Fault::Later(Error::NotFound))?, export).await;
                return Ok(None);
            }
            if !on {
                return Ok(None);
            }
            if over {
                in_peace(move || columns.finish()).await?;
                return Ok(Some(progress));
            }
        }
    }

    async fn read(
        &self,
        permit: &Permit<ByJob>,
        selection: &Selection,
        progress: Progress,
        proofs: Option<&mut Proofs>,
    ) -> Result<Chunk, Fault> {
        let mut view = self.store.read(permit).await?;
        Ok(export::chunk(&mut view, selection, progress.size, progress.before, proofs).await?)
    }
}

const fn anew(progress: Progress) -> Progress {
    Progress { size: progress.size, before: progress.size, records: 0, octets: 0 }
}

fn after(progress: Progress, chunk: &Chunk, octets: usize) -> Progress {
    let more = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    Progress {
        size: progress.size,
        before: chunk.next.unwrap_or(0),
        records: progress.records.saturating_add(more(chunk.records.len())),
        octets: progress.octets.saturating_add(more(octets)),
    }
}

/// Runs what waits for a disk where nothing else waits for it.
pub(super) async fn in_peace<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
