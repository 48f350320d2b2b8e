//! How often somebody or something is given another name in a day.
//!
//! Each is a record. What it says of rights is nothing, so that it stands in nobody's way when the log is asked what people could do;
//! but all of them are counted there, and a count has to end somewhere.

use bailiwick_domain::time::Span;
use bailiwick_store::{Scope, Tx, audit};
use uuid::Uuid;

use crate::{Error, Result};

/// Other names that one person, or one team, is given within [`WINDOW`] by the same operation.
pub const PER_DAY: i64 = 50;
/// How far back names count.
pub const WINDOW: Span = Span::hours(24);

/// Refuses a name too many for what is locked. `action` is what giving it another one is recorded as.
///
/// # Errors
/// `Limited` beyond [`PER_DAY`].
pub(crate) async fn within_day(tx: &mut Tx, action: &str, of: Uuid) -> Result<()> {
    let since = tx.now() - WINDOW;
    if audit::done_since(tx, action, of, since).await? < PER_DAY {
        Ok(())
    } else {
        Err(Error::Limited { retry_after_seconds: WINDOW.as_seconds() })
    }
}
