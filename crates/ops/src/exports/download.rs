//! Downloading an export.

use std::path::PathBuf;

use bailiwick_domain::{
    entity::{AuditExport, ExportState},
    ids::AuditExportId,
    rule::DownloadExport,
};
use bailiwick_store::{Event, Permit, Scope, Store, audit::export};

use super::Spool;
use crate::{Error, Result, audit::bundles::may_read};

const NO_FILE: Error = Error::Conflict("There is no file to download: it is not written yet, or gone.");

/// A file that is ready.
#[derive(Debug)]
pub struct Download {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in octets.
    pub octets: u64,
    /// Its SHA-256, 64 lower-case hexadecimal digits.
    pub digest: String,
    /// What it is.
    pub export: AuditExport,
}

/// The file of an export. Whoever gets it from its beginning is recorded by [`note_download`] first.
///
/// # Errors
/// `Forbidden` to whoever may not read the log; `NotFound`; `Conflict` where there is no file, or none any more.
pub async fn download(
    store: &Store,
    permit: &Permit<DownloadExport>,
    spool: &Spool,
    id: AuditExportId,
) -> Result<Download> {
    may_read(permit)?;
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let mut view = store.read(permit).await?;
    let export = export::find(&mut view, id).await?.export;
    if export.state != ExportState::Done || export.expires_at <= view.now() {
        return Err(NO_FILE);
    }
    let (octets, digest) = export.octets.zip(export.digest.clone()).ok_or(NO_FILE)?;
    Ok(Download { path: spool.path(tenant, &export), octets: octets.unsigned_abs(), digest, export })
}

/// Records that somebody downloads an export, before they get anything of it.
///
/// # Errors
/// `NotFound`; `Conflict` where there is no file any more.
pub async fn note_download(store: &Store, permit: &Permit<DownloadExport>, id: AuditExportId) -> Result<()> {
    store
        .change(permit, async |tx| {
            let before = export::lock(tx, id).await?;
            if before.state != ExportState::Done {
                return Err(NO_FILE);
            }
            let after = AuditExport { downloads: before.downloads + 1, ..before.clone() };
            let written = export::replace(tx, before, after).await?;
            let event = Event::new("audit_export.downloaded", &written)?;
            Ok(tx.record(event, ()))
        })
        .await
}
