//! What both walks do with a row before they look at its neighbours.

use super::{Finding, Place, StoredEvent};
use crate::{
    event::{EventFields, scan},
    hash::leaf_hash,
};

/// Checks one row on its own: octets against hash, form, id and tenant.
pub(super) fn open_event<'a>(tenant: &str, event: &StoredEvent<'a>) -> Result<EventFields<'a>, Finding> {
    if leaf_hash(event.bytes) != event.hash {
        return Err(Finding::EventBytes(place(event)));
    }
    let fields = scan(event.bytes).map_err(|cause| Finding::Malformed { place: place(event), cause })?;
    if fields.id != event.id {
        return Err(Finding::EventId { place: place(event), found: fields.id.to_owned() });
    }
    if fields.tenant != tenant {
        return Err(Finding::WrongTenant { place: place(event), found: fields.tenant.to_owned() });
    }
    Ok(fields)
}

/// The row's name in a finding.
pub(super) fn place(event: &StoredEvent<'_>) -> Place {
    Place { id: event.id.to_owned(), leaf_index: event.leaf_index }
}
