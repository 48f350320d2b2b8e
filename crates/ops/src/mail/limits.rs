//! How many letters people may cause. Where it cannot be counted, nothing is written.

use bailiwick_domain::time::Span;
use bailiwick_store::{Scope, Tx, mail, tenants};

use crate::{Error, Result};

/// Letters that one organisation causes at most within [`WINDOW`].
pub const PER_TENANT: i64 = 5_000;
/// Letters from one organisation to one address at most within [`WINDOW`].
pub const PER_RECIPIENT: i64 = 5;
/// How far back letters count.
const WINDOW: Span = Span::hours(24);

/// Refuses a letter too many. The tenant's policy is locked meanwhile, so that the count is exact.
pub(crate) async fn within_limits(tx: &mut Tx, to: &str) -> Result<()> {
    let (all, to_them) = written(tx, to).await?;
    refused_unless(all < PER_TENANT && to_them < PER_RECIPIENT)
}

/// Refuses a letter too many of the organisation, for letters that have limits of their own to one address.
pub(crate) async fn within_organisation(tx: &mut Tx) -> Result<()> {
    let (all, _) = written(tx, "").await?;
    refused_unless(all < PER_TENANT)
}

/// The letters that count: all, and those to one address.
async fn written(tx: &mut Tx, to: &str) -> Result<(i64, i64)> {
    tenants::lock_policy(tx).await?;
    let since = tx.now() - WINDOW;
    Ok(mail::written_since(tx, to, since).await?)
}

const fn refused_unless(fits: bool) -> Result<()> {
    if fits { Ok(()) } else { Err(Error::Limited { retry_after_seconds: WINDOW.as_seconds() }) }
}
