//! Keeping a search.

use bailiwick_domain::{entity::SavedSearch, rule::KeepSearches};
use bailiwick_store::{Event, Permit, Scope, Store, saved_searches, users};

use super::{MOST, NewSearch, unused_name};
use crate::{Error, Result};

/// Keeps a search, in its canonical text.
///
/// # Errors
/// `Invalid` by field; `Conflict` for more than [`MOST`], for a key, and in another organisation than one's own.
pub async fn keep(store: &Store, permit: &Permit<KeepSearches>, new: NewSearch) -> Result<SavedSearch> {
    let new = new.parse()?;
    let caller = permit.caller().ok_or(Error::Conflict("Only a signed-in person keeps searches."))?;
    let me = caller.user.id;
    store
        .change(permit, async |tx| {
            // The platform's people are nobody in the organisation that they stepped into.
            users::lock(tx, me).await.map_err(|error| match error {
                bailiwick_store::Error::NotFound => {
                    Error::Conflict("Keep searches in your own organisation.")
                }
                other => other.into(),
            })?;
            if saved_searches::count(tx, me).await? >= MOST {
                return Err(Error::Conflict("You keep fifty searches already. Remove one first."));
            }
            unused_name(tx, me, &new.name).await?;
            let search = SavedSearch {
                id: store.new_id(),
                user: me,
                name: new.name.clone(),
                query: new.query.clone(),
                shared: new.shared,
                created_at: tx.now(),
            };
            let written = saved_searches::insert(tx, search.clone()).await?;
            Ok(tx.record(Event::new("saved_search.created", &written)?, search))
        })
        .await
}
