//! The receipt of one record with personal values, handed out as a bundle of one.

use bailiwick_domain::{disclosure::Disclosure, ids::EventId};
use bailiwick_proof::{checkpoint::Checkpoint, leaf_hash};

use super::{Bundled, write::altered};
use crate::{Result, audit::log::disclosed_receipt, tx::Scope};

/// The [`disclosed_receipt`] of an event, and what the log is to say of it; by the hash of the record it is known again. Nothing for
/// an event that no checkpoint covers yet.
///
/// # Errors
/// As [`disclosed_receipt`].
pub async fn receipt(
    scope: &mut impl Scope,
    event: EventId,
    disclosure: &Disclosure,
) -> Result<Option<Bundled>> {
    let Some(disclosed) = disclosed_receipt(scope, event, disclosure).await? else { return Ok(None) };
    let signed = Checkpoint::parse(disclosed.receipt.note.text()).map_err(|_| altered())?;
    Ok(Some(Bundled {
        file: disclosed.to_string(),
        selection: format!("receipt {event}"),
        records: 1,
        values: i64::try_from(disclosed.values.len()).unwrap_or(i64::MAX),
        size: i64::try_from(signed.size).unwrap_or(i64::MAX),
        list: leaf_hash(disclosed.receipt.extra.as_deref().unwrap_or_default()).to_string(),
    }))
}
