//! The receipt of one event, with some of the personal values that it only commits to.

use bailiwick_domain::{disclosure::Disclosure, ids::EventId};
use bailiwick_proof::receipt::Disclosed;

use super::receipt;
use crate::{Result, audit::bundle::Opener, tx::Scope};

/// The [`receipt`] of an event with the values that are to be shown; those of people who were erased cannot be.
///
/// # Errors
/// As [`receipt`].
pub async fn disclosed_receipt(
    scope: &mut impl Scope,
    event: EventId,
    disclosure: &Disclosure,
) -> Result<Option<Disclosed>> {
    let Some(receipt) = receipt(scope, event).await? else { return Ok(None) };
    let octets = [(event, receipt.extra.as_deref().unwrap_or_default())];
    let opened = Opener::default().open(scope, &octets, disclosure).await?;
    Ok(Some(Disclosed { values: opened.into_iter().flatten().collect(), receipt }))
}
