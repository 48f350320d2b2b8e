//! What is wrong, said so that whoever reads it knows which record to look at.

use std::fmt;

use crate::{checkpoint::CheckpointError, event::EventError, tile::TileId};

/// The first record that does not fit; each displays as one plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The octets were changed, or the recorded hash was.
    #[error("The stored bytes of {0} do not match the hash recorded for it.")]
    EventBytes(Place),
    /// The row of one event holds the octets of another.
    #[error("The row of {place} holds the bytes of event {found}.")]
    EventId {
        /// The row.
        place: Place,
        /// The id within the octets.
        found: String,
    },
    /// The octets belong to another tenant.
    #[error("The bytes of {place} belong to tenant {found}.")]
    WrongTenant {
        /// The row.
        place: Place,
        /// The tenant within the octets.
        found: String,
    },
    /// The octets are no event.
    #[error("The bytes of {place} are not an event: {cause}.")]
    Malformed {
        /// The row.
        place: Place,
        /// What is wrong with them.
        cause: EventError,
    },
    /// Leaves are missing before this one.
    #[error("Leaf {expected} is missing: the next stored record is {next}.")]
    LeafIndexGap {
        /// The first missing leaf.
        expected: u64,
        /// What stands there instead.
        next: Place,
    },
    /// A leaf index is used a second time, or the rows are out of order.
    #[error("The leaf index of {0} comes a second time or out of order.")]
    LeafIndexRepeated(Place),
    /// A stored hash tile and the events below it disagree.
    #[error(
        "The hash tile at level {} number {} disagrees with the stored events, first at {}.",
        .tile.level, .tile.index, Below(.id, .first_leaf, .tile)
    )]
    TileMismatch {
        /// The tile.
        tile: TileId,
        /// The first leaf below the first hash that differs; at level 0 the very leaf.
        first_leaf: u64,
        /// The event at that leaf, at level 0.
        id: Option<String>,
    },
    /// A tile that should be stored was not presented.
    #[error("The hash tile at level {} number {}, over the leaves from {}, is missing.", .0.level, .0.index, .0.first_leaf(0))]
    TileMissing(TileId),
    /// A tile for which there are no leaves yet, or one presented too late to compare.
    #[error("The hash tile at level {} number {} does not belong to the {size} events read so far.", .tile.level, .tile.index)]
    TileUnexpected {
        /// The tile.
        tile: TileId,
        /// The leaves read.
        size: u64,
    },
    /// The events do not have the root that was signed.
    #[error("The first {size} events do not have the root that was signed for them; something at or before leaf {} was changed.", .size.saturating_sub(1))]
    RootMismatch {
        /// The checkpoint's size.
        size: u64,
    },
    /// The checkpoint is not signed by the log's key, or is no checkpoint of this log.
    #[error("The checkpoint is refused: {0}.")]
    CheckpointSignature(CheckpointError),
    /// The log is shorter than what was signed: it was rolled back, or events were cut off its end.
    #[error(
        "A checkpoint was signed at {checkpoint_size} events, but the log holds only {log_size}: leaf {log_size} and what follows were lost."
    )]
    CheckpointAhead {
        /// What was signed.
        checkpoint_size: u64,
        /// What is stored.
        log_size: u64,
    },
    /// A checkpoint was presented when the walk had already passed its size, so it was not compared.
    #[error(
        "The checkpoint at {checkpoint_size} events came after {log_size} events were read and was not compared."
    )]
    CheckpointPassed {
        /// The checkpoint's size.
        checkpoint_size: u64,
        /// The leaves read.
        log_size: u64,
    },
    /// Some entity's chain does not lead from its first event to its recorded head; a [`ChainWalker`] names it.
    ///
    /// [`ChainWalker`]: super::ChainWalker
    #[error("The event chains of tenant {tenant} do not lead to the recorded heads of its entities.")]
    ChainBroken {
        /// The tenant.
        tenant: String,
    },
    /// An event does not quote the hash of the event before it.
    #[error("The previous hash in {place} is not that of revision {} of {entity}.", .revision - 1)]
    PrevMismatch {
        /// The event.
        place: Place,
        /// What it is about.
        entity: EntityName,
        /// The revision it made.
        revision: u64,
    },
    /// A revision has no event.
    #[error("The event of revision {revision} of {entity} is missing{}.", Before(.next))]
    MissingEvent {
        /// What it was about.
        entity: EntityName,
        /// The missing revision.
        revision: u64,
        /// The event that follows it, if one does.
        next: Option<Place>,
    },
    /// Two events claim the same revision, or the events are out of order.
    #[error("Revision {revision} of {entity} comes a second time or out of order, in {place}.")]
    RevisionRepeated {
        /// The later event.
        place: Place,
        /// What it is about.
        entity: EntityName,
        /// The revision it claims.
        revision: u64,
    },
    /// The recorded head of an entity is not its last event.
    #[error("The recorded head of {entity} is not its last event, {last}.")]
    HeadMismatch {
        /// The entity.
        entity: EntityName,
        /// Its last event.
        last: Place,
    },
    /// An entity has events but no recorded head.
    #[error("The recorded head of {entity} is missing; its last event is {last}.")]
    HeadMissing {
        /// The entity.
        entity: EntityName,
        /// Its last event.
        last: Place,
    },
    /// Two heads for one entity, or heads not in ascending octet order of kind and id.
    #[error("The recorded head of {0} comes a second time or out of order.")]
    HeadOrder(EntityName),
}

/// An event and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The event id in the row.
    pub id: String,
    /// Its leaf; `None` while it waits to be given one.
    pub leaf_index: Option<u64>,
}

/// An entity by kind and id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityName {
    /// Its kind, such as `invitation`.
    pub kind: String,
    /// Its id within its kind.
    pub id: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.leaf_index {
            Some(leaf) => write!(f, "event {} at leaf {leaf}", self.id),
            None => write!(f, "event {} (without a leaf yet)", self.id),
        }
    }
}

impl fmt::Display for EntityName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

struct Below<'a>(&'a Option<String>, &'a u64, &'a TileId);

impl fmt::Display for Below<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Some(id), leaf, _) => write!(f, "event {id} at leaf {leaf}"),
            Self(None, leaf, TileId { level: 0, .. }) => write!(f, "leaf {leaf}"),
            Self(None, leaf, _) => write!(f, "the part that begins with leaf {leaf}"),
        }
    }
}

struct Before<'a>(&'a Option<Place>);

impl fmt::Display for Before<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |place| write!(f, "; the next is {place}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(leaf_index: Option<u64>) -> Place {
        Place { id: "01930000-0000-7000-8000-0000000000ff".into(), leaf_index }
    }

    fn entity() -> EntityName {
        EntityName { kind: "invitation".into(), id: "01930000-0000-7000-8000-00000000000e".into() }
    }

    #[test]
    fn each_finding_is_one_plain_sentence() {
        let tile = |level| TileId { level, index: 1 };
        let findings = [
            Finding::EventBytes(place(Some(7))),
            Finding::EventBytes(place(None)),
            Finding::EventId { place: place(Some(7)), found: "01930000-0000-7000-8000-0000000000aa".into() },
            Finding::WrongTenant {
                place: place(Some(7)),
                found: "01930000-0000-7000-8000-0000000000bb".into(),
            },
            Finding::Malformed { place: place(Some(7)), cause: EventError::Missing("prev") },
            Finding::LeafIndexGap { expected: 5, next: place(Some(7)) },
            Finding::LeafIndexRepeated(place(Some(7))),
            Finding::TileMismatch {
                tile: tile(0),
                first_leaf: 263,
                id: Some("01930000-0000-7000-8000-0000000000ff".into()),
            },
            Finding::TileMismatch { tile: tile(1), first_leaf: 66_048, id: None },
            Finding::TileMissing(tile(0)),
            Finding::TileUnexpected { tile: tile(0), size: 100 },
            Finding::RootMismatch { size: 512 },
            Finding::CheckpointSignature(CheckpointError::Note(crate::checkpoint::NoteError::Unsigned)),
            Finding::CheckpointAhead { checkpoint_size: 512, log_size: 500 },
            Finding::CheckpointPassed { checkpoint_size: 512, log_size: 600 },
            Finding::ChainBroken { tenant: "01930000-0000-7000-8000-000000000000".into() },
            Finding::PrevMismatch { place: place(Some(7)), entity: entity(), revision: 3 },
            Finding::MissingEvent { entity: entity(), revision: 2, next: Some(place(Some(7))) },
            Finding::MissingEvent { entity: entity(), revision: 2, next: None },
            Finding::RevisionRepeated { place: place(Some(7)), entity: entity(), revision: 3 },
            Finding::HeadMismatch { entity: entity(), last: place(Some(7)) },
            Finding::HeadMissing { entity: entity(), last: place(None) },
            Finding::HeadOrder(entity()),
        ];
        let sentences: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(sentences.iter().all(|sentence| sentence.ends_with('.') && !sentence.contains('\n')));
        insta::assert_snapshot!(sentences.join("\n"));
    }
}
