//! Sending again from a place in the log.

use bailiwick_domain::{
    entity::{Severity, Stream},
    ids::StreamId,
    rule::UpdateStreams,
};
use bailiwick_store::{
    Permit, Store,
    audit::{self, stream},
};

use super::{create::OUTSIDE, told};
use crate::{Error, Result};

/// Lets a stream begin again with the record at `index`, whatever it has sent before. The other side knows records it has by their ids.
///
/// # Errors
/// `Invalid` for a place that is not in the log.
pub async fn replay(
    store: &Store,
    permit: &Permit<UpdateStreams>,
    id: StreamId,
    index: i64,
) -> Result<Stream> {
    store
        .change(permit, async |tx| {
            let before = stream::lock(tx, id).await?;
            if !(0..=audit::total(tx).await?).contains(&index) {
                return Err(Error::field("index", OUTSIDE));
            }
            let after = Stream { replayed_from: Some(index), ..before.clone() };
            let written = stream::replace(tx, before, after.clone()).await?;
            stream::rewind(tx, id, index).await?;
            let event = told(
                "audit_stream.replayed",
                &written,
                Severity::Info,
                "begins again from an earlier record",
            )?;
            Ok(tx.record(event, after))
        })
        .await
}
