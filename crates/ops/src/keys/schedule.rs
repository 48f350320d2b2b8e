//! How often a tenant's key is rotated.

use bailiwick_domain::{
    entity::{KeySchedule, Severity},
    rule::SetKeySchedule,
};
use bailiwick_store::{Event, Permit, Store, keys, tenants};

use crate::{Error, Result};

/// The shortest and the longest time between two rotations, in days.
pub const LEAST_DAYS: i64 = 7;
/// See [`LEAST_DAYS`].
pub const MOST_DAYS: i64 = 730;

/// Has the key rotated after so many days from now on, or by people alone.
///
/// # Errors
/// `Invalid` with the field `days`; `Conflict` where nothing would change.
pub async fn set_schedule(
    store: &Store,
    permit: &Permit<SetKeySchedule>,
    days: Option<i64>,
) -> Result<KeySchedule> {
    if days.is_some_and(|days| !(LEAST_DAYS..=MOST_DAYS).contains(&days)) {
        let text = format!("Enter {LEAST_DAYS} to {MOST_DAYS} days, or nothing to rotate by hand only.");
        return Err(Error::field("days", text));
    }
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = keys::schedule(tx).await?.days;
            if before == days {
                return Err(Error::Conflict("The key is rotated so already."));
            }
            let written = keys::set_schedule(tx, days).await?;
            let Some(after) = written.entity().cloned() else { return Err(Error::NotFound) };
            // Rarer, or by nobody: what is sealed under one key grows.
            let rarer = days.is_none_or(|days| before.is_some_and(|before| days > before));
            let (severity, detail) = if rarer {
                (Severity::Warning, "The encryption key is rotated less often")
            } else {
                (Severity::Info, "The encryption key is rotated more often")
            };
            let event = Event::new("key_schedule.changed", &written)?.raising(severity, detail);
            Ok(tx.record(event, after))
        })
        .await
}
