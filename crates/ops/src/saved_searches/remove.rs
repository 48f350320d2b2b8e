//! Keeping a search no longer.

use bailiwick_domain::{ids::SavedSearchId, rule::KeepSearches};
use bailiwick_store::{Event, Permit, Store, saved_searches};

use super::own;
use crate::Result;

/// Removes one of the caller's own searches.
///
/// # Errors
/// `NotFound` for a search of somebody else, shared or not.
pub async fn remove(store: &Store, permit: &Permit<KeepSearches>, id: SavedSearchId) -> Result<()> {
    store
        .change(permit, async |tx| {
            let search = own(tx, permit, id).await?;
            let written = saved_searches::remove(tx, search).await?;
            Ok(tx.record(Event::new("saved_search.removed", &written)?, ()))
        })
        .await
}
