//! Asking for an export.

use bailiwick_domain::{
    entity::{AuditExport, ExportFormat, ExportState, Severity},
    rule::ExportAudit,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::{
        Sought,
        export::{self, Selection},
    },
    tenants,
};

use super::{KEPT, MOST_WAITING, Spool};
use crate::{Error, Result, audit::bundles::may_read};

/// Asks for the records of a search as a file. A job writes it.
///
/// Who asked for what is recorded, and shown among the security events: an export takes the log out of the product.
///
/// # Errors
/// `Forbidden` to whoever may not read the log; `Invalid` for a form that there is none, or that this server cannot write; `Conflict` while [`MOST_WAITING`] others wait.
pub async fn ask(
    store: &Store,
    permit: &Permit<ExportAudit>,
    spool: &Spool,
    format: &str,
    sought: &Sought,
) -> Result<AuditExport> {
    may_read(permit)?;
    let format = format
        .parse::<ExportFormat>()
        .ok()
        .filter(|format| spool.offers(*format))
        .ok_or_else(|| Error::field("format", "Choose one of the forms that this server writes."))?;
    store
        .change(permit, async |tx| {
            // Two who ask at the same moment meet here, so that the limit is kept.
            tenants::lock_policy(tx).await?;
            if export::waiting(tx).await? >= MOST_WAITING {
                return Err(Error::Conflict(
                    "Twenty exports are being written already. Wait for one of them, or remove one.",
                ));
            }
            let now = tx.now();
            let asked = AuditExport {
                id: store.new_id(),
                format,
                selection: Selection::from(sought).text(),
                asked_by: permit.actor().id(),
                state: ExportState::Waiting,
                downloads: 0,
                records: None,
                octets: None,
                digest: None,
                failure: None,
                created_at: now,
                finished_at: None,
                expires_at: now + KEPT,
            };
            let written = export::insert(tx, asked.clone()).await?;
            let event = Event::new("audit_export.requested", &written)?
                .raising(Severity::Info, "An export of the audit log was asked for");
            Ok(tx.record(event, asked))
        })
        .await
}
