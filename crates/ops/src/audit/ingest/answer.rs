//! What became of the events of a body.

use bailiwick_domain::{ids::EventId, json::Fault};
use bailiwick_store::audit::{
    Proof,
    ingest::{Included, Outcome},
};

/// Faults that are told of a body whose events were to be stored together.
const MOST_FAULTS: usize = 100;

/// What became of one event.
#[derive(Debug)]
pub enum Item {
    /// It is on disk.
    Stored {
        /// The record.
        event: EventId,
        /// The hash of its octets, as 64 hexadecimal digits.
        hash: String,
        /// It was there already, under the same key.
        again: bool,
        /// Its place in the tree and the proof of it, where that was waited for and came in time.
        proof: Option<Box<Proof>>,
    },
    /// It cannot be taken.
    Invalid(Vec<Fault>),
    /// Another event has its key.
    Taken,
}

/// What became of a body.
#[derive(Debug)]
pub struct Answer {
    /// It was an array.
    pub many: bool,
    /// What became of its events, in their order.
    pub items: Vec<Item>,
}

/// A fault of one event among several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFault {
    /// Which event, from 0.
    pub item: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why nothing of a body was stored.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is no JSON.
    #[error("octet {offset}: {what}")]
    Syntax {
        /// Octets before the wrong one.
        offset: usize,
        /// What is wrong, in words.
        what: &'static str,
    },
    /// It holds no event, or more than a thousand.
    #[error("a body holds 1 to 1,000 events")]
    Number,
    /// It holds more events than inclusion is waited for.
    #[error("inclusion is waited for of at most a hundred events")]
    TooManyIncluded,
    /// All of its events were to be stored, and some cannot be.
    #[error("{} things are wrong", .faults.len())]
    Items {
        /// It was an array.
        many: bool,
        /// The first hundred things that are wrong.
        faults: Vec<ItemFault>,
    },
    /// All of its events were to be stored, and other events have the keys of some.
    #[error("{} keys are taken", .places.len())]
    Taken {
        /// It was an array.
        many: bool,
        /// Which events, from 0.
        places: Vec<usize>,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] bailiwick_store::Error),
}

/// What is wrong with events that were to be stored together.
pub(super) fn faults<T>(items: Vec<Result<T, Vec<Fault>>>) -> Vec<ItemFault> {
    let faults = items.into_iter().enumerate().flat_map(|(item, judged)| {
        judged.err().unwrap_or_default().into_iter().map(move |fault| ItemFault { item, fault })
    });
    faults.take(MOST_FAULTS).collect()
}

impl Answer {
    /// Puts what became of the events that were stored between those that were not.
    pub(super) fn of(many: bool, places: Vec<Result<(), Vec<Fault>>>, outcomes: Vec<Outcome>) -> Self {
        let mut outcomes = outcomes.into_iter();
        let item = |place: Result<(), Vec<Fault>>| match place {
            Err(faults) => Item::Invalid(faults),
            Ok(()) => match outcomes.next() {
                Some(Outcome::Stored { event, hash, again }) => {
                    Item::Stored { event, hash: hash.to_string(), again, proof: None }
                }
                Some(Outcome::Taken) => Item::Taken,
                // Left out because of another one, which is said of the whole.
                Some(Outcome::Left) | None => Item::Invalid(Vec::new()),
            },
        };
        Self { many, items: places.into_iter().map(item).collect() }
    }

    pub(super) fn is_taken(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Taken))
    }

    /// Which events have keys that others have.
    pub(super) fn taken(&self) -> Vec<usize> {
        let places = self.items.iter().enumerate();
        places.filter(|(_, item)| matches!(item, Item::Taken)).map(|(at, _)| at).collect()
    }

    pub(super) fn stored(&self) -> Vec<EventId> {
        let event = |item: &Item| match item {
            Item::Stored { event, .. } => Some(*event),
            _ => None,
        };
        self.items.iter().filter_map(event).collect()
    }

    /// Notes the proofs, which come in the order of what was stored.
    pub(super) fn include(&mut self, found: Vec<Included>) {
        let mut found = found.into_iter();
        for item in &mut self.items {
            if let Item::Stored { proof, .. } = item {
                *proof = found.next().and_then(|one| one.proof).map(Box::new);
            }
        }
    }

    /// Whether every stored event has its proof.
    pub fn is_included(&self) -> bool {
        self.items.iter().all(|item| !matches!(item, Item::Stored { proof: None, .. }))
    }
}
