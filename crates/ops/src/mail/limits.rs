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
    tenants::lock_policy(tx).await?;
    let since = tx.now() - WINDOW;
    let (all, to_them) = mail::written_since(tx, to, since).await?;
    if all < PER_TENANT && to_them < PER_RECIPIENT {
        Ok(())
    } else {
        Err(Error::Limited { retry_after_seconds: WINDOW.as_seconds() })
    }
}
