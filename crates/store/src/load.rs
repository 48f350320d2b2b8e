//! Histories of any kind of thing, through the same steps as any other change: for tests that ask the log what a thing was.

use bailiwick_domain::{entity::Entity, rule::Writes};

use crate::{Error, Event, Result, Store, Written, gate::Permit};

/// Records that a thing went from one image to another, as if its row had changed. Only the log grows.
///
/// # Errors
/// As [`Store::change`]; [`Error::Unrecorded`] where there is no image at all.
pub async fn record<R: Writes, E: Entity>(
    store: &Store,
    permit: &Permit<R>,
    before: Option<E>,
    after: Option<E>,
    refused: bool,
) -> Result<()> {
    let event = Event::new("thing.changed", &Written { before, after })?;
    let event = if refused { event.refused() } else { event };
    store.change(permit, async |tx| Ok::<_, Error>(tx.record(event, ()))).await
}
