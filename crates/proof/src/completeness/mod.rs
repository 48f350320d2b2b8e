//! That the history of one entity has no gap.
//!
//! Each event names its revision and the hash of the event before it. So the newest revision, once its place in a signed
//! tree is proven, pins every earlier one: whoever holds their octets checks them one by one, back to the first, without
//! any further proof.
//!
//! It shows that nothing was taken out of, put into or changed in the history up to that newest revision. It cannot show
//! that no newer one exists: for that, compare with a later answer.

mod page;

pub use page::{Entity, Page};

use crate::{
    checkpoint::{Trust, Vouched},
    event::{EventError, scan},
    hash::{Hash, leaf_hash},
    receipt::{About, Receipt, Unproven},
};

/// A history that is followed back to its beginning, one event at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    tenant: String,
    kind: String,
    id: String,
    /// The newest revision.
    newest: u64,
    /// The revision that comes next, and its hash; nothing once the first was seen.
    next: Option<(u64, Hash)>,
}

/// A history without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// The kind of thing.
    pub kind: String,
    /// That thing.
    pub id: String,
    /// How many revisions it has, all of them seen.
    pub revisions: u64,
}

/// Why a history is not complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// The newest revision is not proven to lie in the log.
    #[error("the newest revision is not proven: {0}")]
    Head(#[from] Unproven),
    /// The receipt is about something else than an event.
    #[error("the receipt is not of an event")]
    NoEvent,
    /// Octets that are no event.
    #[error("what stands in the place of revision {revision} is not an event: {cause}")]
    Event {
        /// The revision.
        revision: u64,
        /// What is wrong with them.
        cause: EventError,
    },
    /// Another event than the one that the revision after it names.
    #[error("revision {0} is not the one that the revision after it names")]
    Broken(u64),
    /// The octets are of another thing.
    #[error("revision {0} belongs to something else")]
    Foreign(u64),
    /// Revisions are left out at the beginning.
    #[error("revision {0} and those before it are missing")]
    Missing(u64),
    /// More than there can be.
    #[error("there is something before the first revision")]
    Beyond,
}

impl History {
    /// Begins with the newest revision, whose receipt carries its octets.
    ///
    /// # Errors
    /// A receipt that proves nothing, or is about something else.
    pub fn begin(receipt: &Receipt, trust: &Trust) -> Result<(Self, Vouched), Incomplete> {
        let (vouched, about) = receipt.verify(trust)?;
        let About::Event(fields) = about else { return Err(Incomplete::NoEvent) };
        let history = Self {
            tenant: fields.tenant.to_owned(),
            kind: fields.entity.kind.to_owned(),
            id: fields.entity.id.to_owned(),
            newest: fields.entity.revision,
            // The scanner sees to it that only the first revision follows none.
            next: fields.prev.map(|prev| (fields.entity.revision.saturating_sub(1), prev)),
        };
        Ok((history, vouched))
    }

    /// The revision whose octets come next; nothing once the first was seen.
    #[must_use]
    pub fn awaited(&self) -> Option<u64> {
        self.next.map(|(revision, _)| revision)
    }

    /// Takes the octets of the revision before.
    ///
    /// # Errors
    /// Octets that are not those that the revision after them names.
    pub fn before(&mut self, octets: &[u8]) -> Result<(), Incomplete> {
        let (revision, hash) = self.next.ok_or(Incomplete::Beyond)?;
        if leaf_hash(octets) != hash {
            return Err(Incomplete::Broken(revision));
        }
        let fields = scan(octets).map_err(|cause| Incomplete::Event { revision, cause })?;
        let entity = &fields.entity;
        if (fields.tenant, entity.kind, entity.id) != (&*self.tenant, &*self.kind, &*self.id) {
            return Err(Incomplete::Foreign(revision));
        }
        if entity.revision != revision {
            return Err(Incomplete::Broken(revision));
        }
        self.next = fields.prev.map(|prev| (revision.saturating_sub(1), prev));
        Ok(())
    }

    /// Ends at the first revision.
    ///
    /// # Errors
    /// A history whose beginning was not seen.
    pub fn finish(self) -> Result<Complete, Incomplete> {
        match self.next {
            None => Ok(Complete { kind: self.kind, id: self.id, revisions: self.newest }),
            Some((revision, _)) => Err(Incomplete::Missing(revision)),
        }
    }
}
