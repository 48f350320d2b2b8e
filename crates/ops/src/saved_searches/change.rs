//! Changing a search that one keeps.

use bailiwick_domain::{entity::SavedSearch, ids::SavedSearchId, rule::KeepSearches};
use bailiwick_store::{Event, Permit, Store, saved_searches};

use super::{NewSearch, own, unused_name};
use crate::{Error, Result};

/// Replaces name, query and whether it is shared.
///
/// # Errors
/// `Invalid` by field, `Conflict` where nothing changes, `NotFound` for a search of somebody else.
pub async fn change(
    store: &Store,
    permit: &Permit<KeepSearches>,
    id: SavedSearchId,
    new: NewSearch,
) -> Result<SavedSearch> {
    let new = new.parse()?;
    store
        .change(permit, async |tx| {
            let before = own(tx, permit, id).await?;
            if before.name != new.name {
                unused_name(tx, before.user, &new.name).await?;
            }
            let after = SavedSearch {
                name: new.name.clone(),
                query: new.query.clone(),
                shared: new.shared,
                ..before.clone()
            };
            if before == after {
                return Err(Error::Conflict("The search is so already."));
            }
            let written = saved_searches::replace(tx, before, after.clone()).await?;
            Ok(tx.record(Event::new("saved_search.changed", &written)?, after))
        })
        .await
}
