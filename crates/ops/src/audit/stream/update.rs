//! Calling a stream otherwise, and choosing which records leave by it.

use bailiwick_domain::{
    entity::{Severity, Stream, StreamFilter},
    ids::StreamId,
    rule::UpdateStreams,
};
use bailiwick_store::{Permit, Store, audit::stream, tenants};

use super::{
    create::{filter, unused_name},
    told,
};
use crate::{
    Error, Result,
    valid::{self, Fields},
};

/// What a stream is to be called, and what leaves by it.
#[derive(Clone, Debug, Default)]
pub struct Update {
    /// 1 to 100 characters, unique in the tenant.
    pub name: String,
    /// Which records leave by it; empty parts are none.
    pub filter: StreamFilter,
}

/// Changes a stream's name and filter. What is sent from now on follows the new one.
///
/// # Errors
/// `Invalid` by field; `Conflict` where nothing would change.
pub async fn update(
    store: &Store,
    permit: &Permit<UpdateStreams>,
    id: StreamId,
    update: Update,
) -> Result<Stream> {
    let mut fields = Fields::default();
    let name = fields.take("name", valid::name(&update.name));
    let filter = filter(&update.filter, &mut fields);
    fields.done()?;
    let (Some(name), Some(filter)) = (name, filter) else { return Err(Error::NotFound) };
    store
        .change(permit, async |tx| {
            tenants::lock_policy(tx).await?;
            let before = stream::lock(tx, id).await?;
            if before.name != name {
                unused_name(tx, &name).await?;
            }
            let after = Stream { name: name.clone(), filter: filter.clone(), ..before.clone() };
            if after == before {
                return Err(Error::Conflict("It is so already."));
            }
            if after.filter != before.filter {
                stream::unplan(tx, id).await?;
            }
            let written = stream::replace(tx, before, after.clone()).await?;
            let event = told("audit_stream.changed", &written, Severity::Info, "was changed")?;
            Ok(tx.record(event, after))
        })
        .await
}
