//! Asking for a segment.

use bailiwick_domain::{
    entity::{AuditRestore, RestoreState, Severity},
    rule::RestoreSegment,
    time::Span,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::{archive, restore},
    tenants,
};

use super::{MOST_DAYS, MOST_OPEN};
use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// Asks for the segment of the archive that ends at a tree of `segment` leaves, for so many days. A job brings it back.
///
/// # Errors
/// `Invalid` with the fields `days` and `reason`; `NotFound` for a segment that this tenant's archive does not hold; `Conflict` for one
/// that is back or under way, and beyond [`MOST_OPEN`].
pub async fn ask(
    store: &Store,
    permit: &Permit<RestoreSegment>,
    segment: i64,
    for_days: i64,
    reason: &str,
) -> Result<AuditRestore> {
    let mut fields = Fields::default();
    if !(1..=MOST_DAYS).contains(&for_days) {
        fields.refuse("days", format!("Enter 1 to {MOST_DAYS} days."));
    }
    let reason = fields.take("reason", valid::reason(reason));
    fields.done()?;
    let reason = reason.unwrap_or_default();
    store
        .change(permit, async |tx| {
            // Two who ask at the same moment meet here.
            tenants::lock_policy(tx).await?;
            let found = archive::find(tx, segment).await?;
            let (open, same) = restore::open(tx, segment).await?;
            if same {
                return Err(Error::Conflict("This segment is back already, or under way."));
            }
            if open >= MOST_OPEN {
                return Err(Error::Conflict(
                    "50 segments are back, which is the most. End one that is not needed.",
                ));
            }
            let now = tx.now();
            let asked = AuditRestore {
                id: store.new_id(),
                segment,
                first_leaf: found.first,
                state: RestoreState::Waiting,
                asked_by: permit.actor().id(),
                reason: reason.clone(),
                records: 0,
                failure: None,
                created_at: now,
                finished_at: None,
                expires_at: now + Span::days(for_days),
            };
            let written = restore::insert(tx, asked.clone()).await?;
            let event = Event::new("audit_restore.requested", &written)?
                .because(reason.as_str())
                .raising(Severity::Info, "A segment of the audit archive was asked back for search");
            Ok(tx.record(event, asked))
        })
        .await
}
