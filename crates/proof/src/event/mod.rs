//! Reading of a stored event just what verification needs.
//!
//! An event is one canonical JSON object, version 1:
//!
//! ```text
//! {"action":"invitation.created", …, "entity":{"id":"…","revision":3,"type":"invitation"}, …, "id":"<uuid>", …,
//!  "prev":"<64 hex>" or null, …, "recorded_at":"2026-01-02T03:04:05.000006Z", …, "tenant":"<uuid>","v":1}
//! ```
//!
//! [`scan`] reads every octet: it checks the whole event to be [canonical](crate::canonical) and hands out the
//! fields that tie it to its tenant, its entity and its past, borrowed from the octets. What the remaining fields mean
//! is not its business, but their octets are checked, too.
//!
//! Personal values are not in the octets: a [commitment](commitments) stands in their place, and an [`Opening`] shows one of them.
//!
//! Events of the guarded product have the same form. Their entity's `type` begins with [`NAMESPACE`], and its `id` is a text of
//! the product's own, as is that of an actor of the kind [`ACTOR`]; see [`id_of`].

mod commitment;
mod product;
mod scan;

use std::borrow::Cow;

pub use commitment::{Committed, MAX_DISCLOSED_BYTES, Opening, OpeningError, commitments};
pub use product::{ACTOR, NAMESPACE, id_of, is_product, key_of};
pub use scan::scan;

use crate::{canonical::CanonicalError, hash::Hash};

/// The event version that is understood.
pub const VERSION: i64 = 1;

/// The fields of an event that tie it to its log, and those it is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFields<'a> {
    /// What was done, `noun.verb`.
    pub action: &'a str,
    /// Who did it.
    pub actor: Actor<'a>,
    /// What it was done to.
    pub entity: Entity<'a>,
    /// The event's id, a UUID in lower case.
    pub id: &'a str,
    /// How it ended: `ok`, `denied` or `failed`.
    pub outcome: &'a str,
    /// The hash of the same entity's previous event; `None` exactly at revision 1.
    pub prev: Option<Hash>,
    /// When it was recorded: RFC 3339 in UTC with six digits of a second.
    pub recorded_at: &'a str,
    /// The tenant's id, a UUID in lower case.
    pub tenant: &'a str,
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// Their id within their kind; `None` for those who have none.
    pub id: Option<&'a str>,
    /// Their kind, such as `user`.
    pub kind: &'a str,
}

/// The thing that an event is about, at the revision the event made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entity<'a> {
    /// Its id within its kind.
    pub id: &'a str,
    /// Which revision the event made, from 1.
    pub revision: u64,
    /// Its kind, such as `invitation`.
    pub kind: &'a str,
}

impl<'a> Entity<'a> {
    /// What its chain and its head are keyed by: its id, or what stands for the [id of a product](id_of).
    #[must_use]
    pub fn key(&self) -> Cow<'a, str> {
        key_of(self.kind, self.id)
    }
}

/// Why octets are not an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The octets are not canonical JSON.
    #[error("its octets are not canonical: {0}")]
    NotCanonical(#[from] CanonicalError),
    /// A field is absent.
    #[error("its field {0} is absent")]
    Missing(&'static str),
    /// A field has a value that it may not have.
    #[error("its field {0} has a value that it may not have")]
    Field(&'static str),
    /// A `prev` at revision 1, or none later.
    #[error("it must name a previous event exactly if it is not revision 1")]
    Prev,
    /// A version other than [`VERSION`].
    #[error("its version is {0}, and only version {VERSION} is understood")]
    Version(i64),
}
