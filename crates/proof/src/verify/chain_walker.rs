//! The slower walk, entity by entity, that names the event where a chain breaks.

use super::{
    EntityName, Finding, Place, StoredEvent,
    open::{open_event, place},
};
use crate::{
    event::{Entity, EventFields},
    hash::Hash,
};

/// Follows each entity's chain link by link.
///
/// Feed it, from one snapshot, the entities in ascending octet order of kind and id (`COLLATE "C"`): first all events of
/// the entity by revision, with or without a leaf, then its recorded head. Then [`finish`](Self::finish).
///
/// It holds one event at a time. After the first finding every later call returns that finding again.
#[derive(Debug)]
pub struct ChainWalker {
    tenant: String,
    open: Option<Link>,
    /// The last entity whose head was seen.
    done: Option<EntityName>,
    failed: Option<Finding>,
}

/// The last event seen of the entity that is being followed.
#[derive(Debug)]
struct Link {
    entity: EntityName,
    revision: u64,
    hash: Hash,
    place: Place,
}

impl ChainWalker {
    /// Starts a walk over the entities of `tenant` (a UUID in lower case).
    #[must_use]
    pub fn new(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), open: None, done: None, failed: None }
    }

    /// Checks the next event, on its own and against the one before it.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn event(&mut self, event: &StoredEvent<'_>) -> Result<(), Finding> {
        self.go(|this| {
            let fields = open_event(&this.tenant, event)?;
            this.check_link(&fields, event)
        })
    }

    /// Checks the recorded head of the entity whose events came last.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn head(&mut self, kind: &str, id: &str, revision: u64, hash: &Hash) -> Result<(), Finding> {
        self.go(|this| {
            this.check_head(EntityName { kind: kind.to_owned(), id: id.to_owned() }, revision, hash)
        })
    }

    /// Ends the walk.
    ///
    /// # Errors
    /// The first finding there was, or a last entity without a head.
    pub fn finish(mut self) -> Result<(), Finding> {
        self.go(Self::check_closed)
    }

    fn go(&mut self, check: impl FnOnce(&mut Self) -> Result<(), Finding>) -> Result<(), Finding> {
        if let Some(finding) = &self.failed {
            return Err(finding.clone());
        }
        check(self).inspect_err(|finding| self.failed = Some(finding.clone()))
    }

    fn check_link(&mut self, fields: &EventFields<'_>, event: &StoredEvent<'_>) -> Result<(), Finding> {
        let Entity { revision, kind, .. } = fields.entity;
        let entity = EntityName { kind: kind.to_owned(), id: fields.entity.key().into_owned() };
        let before = match &self.open {
            Some(link) if link.entity == entity => Some(link),
            _ => {
                self.check_closed()?;
                if self.done.as_ref().is_some_and(|done| *done >= entity) {
                    return Err(Finding::RevisionRepeated { place: place(event), entity, revision });
                }
                None
            }
        };
        let expected = before.map_or(1, |link| link.revision + 1);
        if revision > expected {
            return Err(Finding::MissingEvent { entity, revision: expected, next: Some(place(event)) });
        }
        if revision < expected {
            return Err(Finding::RevisionRepeated { place: place(event), entity, revision });
        }
        if fields.prev != before.map(|link| link.hash) {
            return Err(Finding::PrevMismatch { place: place(event), entity, revision });
        }
        self.open = Some(Link { entity, revision, hash: event.hash, place: place(event) });
        Ok(())
    }

    fn check_head(&mut self, entity: EntityName, revision: u64, hash: &Hash) -> Result<(), Finding> {
        let link = match self.open.take() {
            Some(link) if link.entity == entity => link,
            Some(link) if link.entity < entity => {
                return Err(Finding::HeadMissing { entity: link.entity, last: link.place });
            }
            _ if self.done.as_ref().is_some_and(|done| *done >= entity) => {
                return Err(Finding::HeadOrder(entity));
            }
            // A head without a single event: all of the history is gone.
            _ => return Err(Finding::MissingEvent { entity, revision: 1, next: None }),
        };
        if revision > link.revision {
            return Err(Finding::MissingEvent { entity, revision: link.revision + 1, next: None });
        }
        if revision < link.revision || *hash != link.hash {
            return Err(Finding::HeadMismatch { entity, last: link.place });
        }
        self.done = Some(entity);
        Ok(())
    }

    /// The entity followed so far must have had its head.
    fn check_closed(&mut self) -> Result<(), Finding> {
        match &self.open {
            Some(link) => Err(Finding::HeadMissing { entity: link.entity.clone(), last: link.place.clone() }),
            None => Ok(()),
        }
    }
}
