//! Removing an export's file: by somebody, or because its time is over.

use bailiwick_domain::{
    entity::{AuditExport, ExportState},
    ids::AuditExportId,
    rule::ExportAudit,
};
use bailiwick_store::{Event, Permit, Recorded, Scope, Store, Tx, audit::export};

use super::Spool;
use crate::{Error, Result};

/// Removes an export before its time, also one that is still being written.
///
/// # Errors
/// `NotFound`; `Conflict` for one whose file is gone already.
pub async fn remove(
    store: &Store,
    permit: &Permit<ExportAudit>,
    spool: &Spool,
    id: AuditExportId,
) -> Result<()> {
    let export = store.change(permit, async |tx| take_away(tx, id, "audit_export.removed").await).await?;
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    spool.remove(tenant, &export).await;
    Ok(())
}

/// The record comes first: a file that is left behind by a crash is found by nobody, one that is missing would be missed.
pub(super) async fn take_away(
    tx: &mut Tx,
    id: AuditExportId,
    action: &'static str,
) -> Result<Recorded<AuditExport>> {
    let before = export::lock(tx, id).await?;
    if before.state == ExportState::Removed {
        return Err(Error::Conflict("The file of this export is gone already."));
    }
    let after = AuditExport {
        state: ExportState::Removed,
        finished_at: before.finished_at.or(Some(tx.now())),
        ..before.clone()
    };
    let written = export::replace(tx, before, after.clone()).await?;
    let event = Event::new(action, &written)?;
    Ok(tx.record(event, after))
}
