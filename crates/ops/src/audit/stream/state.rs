//! Stopping a stream for now, and letting it go on where it was.

use bailiwick_domain::{
    entity::{Severity, Stream, StreamState},
    ids::StreamId,
    rule::UpdateStreams,
};
use bailiwick_store::{Permit, Store, audit::stream};

use super::told;
use crate::{Error, Result};

/// Stops a stream. Nothing is lost: it goes on where it was.
///
/// # Errors
/// `Conflict` for a stream by which nothing leaves.
pub async fn pause(store: &Store, permit: &Permit<UpdateStreams>, id: StreamId) -> Result<Stream> {
    store
        .change(permit, async |tx| {
            let before = stream::lock(tx, id).await?;
            if before.state != StreamState::Active {
                return Err(Error::Conflict("Nothing leaves by this stream."));
            }
            let after = Stream { state: StreamState::Paused, ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            let event = told("audit_stream.paused", &written, Severity::Warning, "was paused")?;
            Ok(tx.record(event, after))
        })
        .await
}

/// Lets a stream go on where it was, at once.
///
/// # Errors
/// `Conflict` for one that runs, and for one whose place nobody has confirmed.
pub async fn resume(store: &Store, permit: &Permit<UpdateStreams>, id: StreamId) -> Result<Stream> {
    store
        .change(permit, async |tx| {
            let before = stream::lock(tx, id).await?;
            match before.state {
                StreamState::Paused | StreamState::Disabled => {}
                StreamState::Active => return Err(Error::Conflict("The stream runs already.")),
                StreamState::Proposed => {
                    return Err(Error::Conflict("Confirm first where this stream leads."));
                }
            }
            let after = Stream { state: StreamState::Active, failing: false, ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            stream::wake(tx, id).await?;
            let event = told("audit_stream.resumed", &written, Severity::Info, "goes on")?;
            Ok(tx.record(event, after))
        })
        .await
}
