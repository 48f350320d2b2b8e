//! Removing a stream with everything of it.

use bailiwick_domain::{
    entity::{Severity, Stream},
    ids::StreamId,
    rule::UpdateStreams,
};
use bailiwick_store::{Permit, Store, audit::stream};

use super::told;
use crate::Result;

/// Removes a stream: its address, its credentials, its secrets, and how far it came.
///
/// # Errors
/// `NotFound` for one that is not there.
pub async fn remove(store: &Store, permit: &Permit<UpdateStreams>, id: StreamId) -> Result<Stream> {
    store
        .change(permit, async |tx| {
            let before = stream::lock(tx, id).await?;
            let written = stream::remove(tx, before.clone()).await?;
            let event = told("audit_stream.removed", &written, Severity::Warning, "was removed")?;
            Ok(tx.record(event, before))
        })
        .await
}
