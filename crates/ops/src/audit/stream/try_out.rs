//! Asking for a test: the worker sends a parcel without records, and notes how that went.

use bailiwick_domain::{
    entity::{Stream, StreamState},
    ids::StreamId,
    rule::UpdateStreams,
};
use bailiwick_store::{Event, Permit, Store, audit::stream};

use crate::{Error, Result};

/// Asks for a test. It is done within seconds, whether the stream is paused or not.
///
/// # Errors
/// `Conflict` for a stream whose place nobody has confirmed: nothing is connected to before.
pub async fn try_out(store: &Store, permit: &Permit<UpdateStreams>, id: StreamId) -> Result<Stream> {
    store
        .change(permit, async |tx| {
            let before = stream::lock(tx, id).await?;
            if before.state == StreamState::Proposed {
                return Err(Error::Conflict("Confirm first where this stream leads."));
            }
            let after = Stream { tests: before.tests + 1, ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            stream::ask_test(tx, id).await?;
            let event = Event::new("audit_stream.test_asked", &written)?;
            Ok(tx.record(event, after))
        })
        .await
}
