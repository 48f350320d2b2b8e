//! Events of the guarded product on their way into the log.
//!
//! What a product sends was judged before it comes here, and is written down ([`prepare`]) outside any transaction: its octets
//! with the usual gaps, commitments in the place of personal values. Then it waits in its tenant's queue ([`ingest`]). Whoever
//! finds nobody at work there leads: takes what waits, of however many requests, and writes it in one transaction, with one
//! look at who was admitted, one at the keys, one insertion of each kind. While that is on its way to the disk, the next ones
//! gather. So the more there is to do, the less each costs; and nobody is answered before it is durable.
//!
//! There is no other way to a record without a [`Written`](crate::Written): here the record is all that is written, and
//! [`RecordEvents`] is the one rule that leads here.

mod keys;
mod places;
mod prepare;
mod queue;
mod write;

use std::sync::Arc;

use bailiwick_domain::{ids::EventId, rule::RecordEvents};
use bailiwick_proof::hash::Hash;

use self::queue::Job;
pub(crate) use self::queue::Queues;
pub use self::{
    places::{Included, included, leaves},
    prepare::{Prepared, prepare},
};
use crate::{Error, Permit, Result, Store, intake};

/// Events that wait of one tenant at most; more are told to come again.
pub const MOST_WAITING: usize = 16 * 1024;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is on disk.
    Stored {
        /// The record.
        event: EventId,
        /// The hash of its octets, which is its leaf in the tree.
        hash: Hash,
        /// It was there already, under the same key.
        again: bool,
    },
    /// Another event has its key.
    Taken,
    /// Nothing is wrong with it; it was left out because of another one of its batch.
    Left,
}

/// Events that were sent together.
pub struct Batch {
    /// The events.
    pub events: Vec<Prepared>,
    /// All of them are stored or none is.
    pub whole: bool,
    /// Under which settings they were judged: see [`intake::Intake::revision`].
    pub revision: i64,
}

/// What became of a batch.
#[derive(Debug)]
pub enum Ingested {
    /// What became of each event, in their order.
    Done(Vec<Outcome>),
    /// The settings have changed since the events were judged: nothing was stored, and they are to be judged again.
    Stale,
}

/// Stores the events of a batch, each once whatever is sent again, and answers when they are on disk.
///
/// # Errors
/// [`Error::Busy`] where too many wait, [`Error::Full`] where the disk is full, [`Error::Conflict`] for a credential that works
/// no longer. Nothing was stored then; what was sent may be sent again as it was.
pub async fn ingest(store: &Store, permit: &Arc<Permit<RecordEvents>>, batch: Batch) -> Result<Ingested> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let (job, answer) = Job::new(Arc::clone(permit), batch);
    if store.shared.ingest.push(tenant, job)? {
        let store = store.clone();
        // A task of its own: whoever leads may go away, and the others wait on.
        tokio::spawn(async move { queue::lead(&store, tenant).await });
    }
    let ingested = answer.await.unwrap_or(Err(Error::Busy))?;
    if matches!(ingested, Ingested::Stale) {
        intake::forget(store, tenant);
    }
    Ok(ingested)
}
