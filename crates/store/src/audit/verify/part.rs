//! A part of a log that is verified by itself, and what stands around it.

use std::collections::{BTreeMap, HashMap};

use bailiwick_proof::{event::Entity, hash::Hash};
use uuid::Uuid;

/// A revision of a thing, of which the record lies within the part or beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Link {
    pub(super) kind: String,
    pub(super) id: Uuid,
    pub(super) revision: i64,
    pub(super) hash: Hash,
}

impl Link {
    /// Hands it to `take` as the verifier knows it.
    pub(super) fn told(&self, take: impl FnOnce(&Entity<'_>, &Hash)) {
        let id = self.id.to_string();
        take(&Entity { id: &id, revision: self.revision.unsigned_abs(), kind: &self.kind }, &self.hash);
    }
}

/// A part: where it begins, and how its chains hang together with what it does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Part {
    /// Its first leaf. The hashes before it lie in tiles.
    pub(in crate::audit) first: i64,
    /// Records beside it, as the records behind them name them.
    pub(super) before: Vec<Link>,
    /// Records of it of which the next revision is not among them, but for the newest of each thing.
    pub(super) left: Vec<Link>,
}

/// The revisions of one thing: hash, and the hash before it.
type Revisions = BTreeMap<i64, (Hash, Option<Hash>)>;

/// The revisions of each thing within a part.
#[derive(Default)]
pub(in crate::audit) struct Chains(HashMap<(String, Uuid), Revisions>);

impl Chains {
    pub(in crate::audit) fn add(
        &mut self,
        kind: &str,
        id: Uuid,
        revision: i64,
        hash: Hash,
        prev: Option<Hash>,
    ) {
        self.0.entry((kind.to_owned(), id)).or_default().insert(revision, (hash, prev));
    }

    /// The part that begins with the leaf `first`.
    ///
    /// Records of one moment stand in any order, so a part may hold a revision and the one after the next, and not the one between.
    pub(in crate::audit) fn part(self, first: i64) -> Part {
        let mut part = Part { first, ..Part::default() };
        for ((kind, id), revisions) in self.0 {
            let newest = revisions.keys().next_back().copied();
            for (revision, (hash, prev)) in &revisions {
                let link = |revision, hash| Link { kind: kind.clone(), id, revision, hash };
                if let Some(prev) = prev
                    && !revisions.contains_key(&(revision - 1))
                {
                    part.before.push(link(revision - 1, *prev));
                }
                if Some(*revision) != newest && !revisions.contains_key(&(revision + 1)) {
                    part.left.push(link(*revision, *hash));
                }
            }
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_part_does_not_hold_is_known_from_what_it_holds() {
        let (id, hash) = (Uuid::from_u128(7), |n: u8| Hash([n; 32]));
        let mut chains = Chains::default();
        chains.add("user", id, 3, hash(3), Some(hash(2)));
        chains.add("user", id, 5, hash(5), Some(hash(4)));
        chains.add("role", id, 1, hash(9), None);
        let part = chains.part(256);
        let link = |revision, n| Link { kind: "user".into(), id, revision, hash: hash(n) };
        assert_eq!(
            (part.first, part.before, part.left),
            (256, vec![link(2, 2), link(4, 4)], vec![link(3, 3)])
        );
    }
}
