//! The slower walk, entity by entity, that names the event where a chain breaks.

use super::{
    EntityName, Finding, Place, Retired, StoredEvent,
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
            let EventFields { entity, prev, .. } = open_event(&this.tenant, event)?;
            let name = EntityName { kind: entity.kind.to_owned(), id: entity.key().into_owned() };
            let link =
                Link { entity: name, revision: entity.revision, hash: event.hash, place: place(event) };
            this.check_link(link, prev)
        })
    }

    /// Checks what is left of the next event, whose octets the retention took.
    ///
    /// # Errors
    /// The finding, this one or the first one there was.
    pub fn retired(&mut self, retired: &Retired<'_>) -> Result<(), Finding> {
        self.go(|this| {
            retired.check()?;
            let Entity { id, kind, revision } = retired.entity;
            let entity = EntityName { kind: kind.to_owned(), id: id.to_owned() };
            let place = Place { id: retired.id.to_owned(), leaf_index: Some(retired.leaf_index) };
            this.check_link(Link { entity, revision, hash: retired.hash, place }, retired.prev)
        })
    }

    /// Takes it that an event which is not read made this revision: the next one that is read follows it.
    ///
    /// # Errors
    /// The first finding there was, or an entity before this one without a head.
    pub fn known(&mut self, kind: &str, id: &str, revision: u64, hash: &Hash) -> Result<(), Finding> {
        self.go(|this| {
            let entity = EntityName { kind: kind.to_owned(), id: id.to_owned() };
            if this.open.as_ref().is_some_and(|open| open.entity != entity) {
                this.check_closed()?;
            }
            let place = Place { id: String::new(), leaf_index: None };
            this.open = Some(Link { entity, revision, hash: *hash, place });
            Ok(())
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

    fn check_link(&mut self, link: Link, prev: Option<Hash>) -> Result<(), Finding> {
        let before = match &self.open {
            Some(before) if before.entity == link.entity => Some(before),
            _ => {
                self.check_closed()?;
                if self.done.as_ref().is_some_and(|done| *done >= link.entity) {
                    let Link { entity, revision, place, .. } = link;
                    return Err(Finding::RevisionRepeated { place, entity, revision });
                }
                None
            }
        };
        let expected = before.map_or(1, |before| before.revision + 1);
        let right = prev == before.map(|before| before.hash);
        let Link { entity, revision, hash, place } = link;
        if revision > expected {
            return Err(Finding::MissingEvent { entity, revision: expected, next: Some(place) });
        }
        if revision < expected {
            return Err(Finding::RevisionRepeated { place, entity, revision });
        }
        if !right {
            return Err(Finding::PrevMismatch { place, entity, revision });
        }
        self.open = Some(Link { entity, revision, hash, place });
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
