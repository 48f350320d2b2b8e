//! Everything that ever happened to one thing, and how it stood.

mod as_of;
pub(super) mod completeness;
pub(super) mod difference;
pub(super) mod show;

use uuid::Uuid;

use super::audit_events::{entity_id, is_word};
use crate::error::{Error, Result};

/// The thing of a path: one of the product's by the product's own id, too. What names nothing is not there.
fn thing(kind: &str, id: &str) -> Result<Uuid> {
    entity_id(Some(kind), id).filter(|_| is_word(kind)).ok_or(Error::NotFound)
}
