//! What is left of an event whose octets the retention took: enough that the tree and every chain stay whole.

use sha2::{Digest, Sha256};

use super::{Finding, Place};
use crate::{
    event::{Entity, EventError},
    hash::Hash,
};

/// What is left of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retired<'a> {
    /// Its place in the tree.
    pub leaf_index: u64,
    /// Its id, a UUID in lower case.
    pub id: &'a str,
    /// Its hash.
    pub hash: Hash,
    /// What it was done to, and the revision it made. Of a product's entity the id that [stands for it](crate::event::id_of).
    pub entity: Entity<'a>,
    /// The hash of the same entity's event before it.
    pub prev: Option<Hash>,
}

impl Retired<'_> {
    /// Whether this can be left of an event at all: one before it exactly from the second revision on.
    pub(super) fn check(&self) -> Result<(), Finding> {
        let cause = match (self.entity.revision, self.prev) {
            (0, _) => EventError::Field("entity.revision"),
            (1, Some(_)) | (2.., None) => EventError::Prev,
            _ => return Ok(()),
        };
        Err(Finding::Malformed {
            place: Place { id: self.id.to_owned(), leaf_index: Some(self.leaf_index) },
            cause,
        })
    }
}

/// The digest of what is left of the events that one taking took: its own record in the log names it, so that nobody adds, changes or
/// removes any of them unseen.
///
/// SHA-256 of `bailiwick retired v1` and a zero octet, then for each, in the order of their leaves: the leaf index and the revision
/// (eight octets each, big-endian), the hash, the hash before it or 32 zero octets, and the id, the entity's kind and the entity's id, each
/// led by its length in eight octets.
#[derive(Debug, Clone)]
pub struct RetiredSum {
    hasher: Sha256,
    records: u64,
}

impl Default for RetiredSum {
    fn default() -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"bailiwick retired v1\0");
        Self { hasher, records: 0 }
    }
}

impl RetiredSum {
    /// Takes in the next one.
    pub fn push(&mut self, retired: &Retired<'_>) {
        self.records += 1;
        self.hasher.update(retired.leaf_index.to_be_bytes());
        self.hasher.update(retired.entity.revision.to_be_bytes());
        self.hasher.update(retired.hash.0);
        self.hasher.update(retired.prev.map_or([0; 32], |Hash(prev)| prev));
        for text in [retired.id, retired.entity.kind, retired.entity.id] {
            self.hasher.update((text.len() as u64).to_be_bytes());
            self.hasher.update(text);
        }
    }

    /// How many there were, and their digest.
    #[must_use]
    pub fn finish(self) -> (u64, Hash) {
        (self.records, Hash(self.hasher.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::{
        hash::leaf_hash,
        verify::{StoredEvent, Verifier},
    };

    const TENANT: &str = "0193a7c2-7b1e-7000-8000-000000000001";

    fn id(revision: u64) -> String {
        format!("0193a7c2-7b1e-7000-8000-{revision:012}")
    }

    fn octets(revision: u64) -> Vec<u8> {
        let prev = match revision {
            1 => "null".to_owned(),
            other => format!("\"{}\"", leaf_hash(&octets(other - 1))),
        };
        format!(
            r#"{{"action":"user.renamed","actor":{{"auth":"a","credential":null,"id":"a","kind":"user"}},"changes":[],"entity":{{"id":"e","revision":{revision},"type":"user"}},"id":"{}","occurred_at":"2026-01-02T03:04:05.000006Z","outcome":"ok","prev":{prev},"reason":null,"recorded_at":"2026-01-02T03:04:05.000006Z","request":null,"source":{{"agent":"api","ip":null}},"tenant":"{TENANT}","v":1}}"#,
            id(revision)
        )
        .into_bytes()
    }

    /// Three events of one thing, of which the second is left as `stub` has it.
    fn walk(change: impl FnOnce(&mut Retired<'_>)) -> Result<(u64, u64, Hash), Finding> {
        let mut verifier = Verifier::new(TENANT, &[7; 32]);
        let [first, second, third] = [1, 2, 3].map(octets);
        let ids = [1, 2, 3].map(id);
        let feed = |verifier: &mut Verifier, leaf: u64, id: &str, bytes: &[u8]| {
            verifier
                .event(&StoredEvent { leaf_index: Some(leaf), id, hash: leaf_hash(bytes), bytes })
                .map(drop)
        };
        feed(&mut verifier, 0, &ids[0], &first)?;
        let entity = Entity { id: "e", revision: 2, kind: "user" };
        let prev = Some(leaf_hash(&first));
        let mut stub = Retired { leaf_index: 1, id: &ids[1], hash: leaf_hash(&second), entity, prev };
        change(&mut stub);
        verifier.retired(&stub)?;
        feed(&mut verifier, 2, &ids[2], &third)?;
        verifier.head("user", "e", 3, &leaf_hash(&third))?;
        let verified = verifier.finish()?;
        Ok((verified.size, verified.retired, verified.root))
    }

    #[test]
    fn log_without_the_octets_of_an_event_has_the_root_and_the_chains_that_it_had() {
        let (size, retired, root) = walk(|_| {}).unwrap();
        assert_eq!((size, retired), (3, 1));
        let mut whole = crate::tree::Frontier::new();
        (1..=3).for_each(|revision| whole.push(leaf_hash(&octets(revision))));
        assert_eq!(root, whole.root());
    }

    #[test]
    fn what_is_left_cannot_be_altered() {
        let (.., root) = walk(|_| {}).unwrap();
        // Another hash gives another root, and leads nowhere in the chain.
        assert!(matches!(walk(|stub| stub.hash = Hash([1; 32])), Err(Finding::ChainBroken { .. })));
        assert!(matches!(walk(|stub| stub.prev = Some(Hash([1; 32]))), Err(Finding::ChainBroken { .. })));
        assert!(matches!(walk(|stub| stub.entity.kind = "team"), Err(Finding::ChainBroken { .. })));
        assert!(matches!(walk(|stub| stub.prev = None), Err(Finding::Malformed { .. })));
        assert!(matches!(walk(|stub| stub.entity.revision = 0), Err(Finding::Malformed { .. })));
        assert!(matches!(walk(|stub| stub.leaf_index = 2), Err(Finding::LeafIndexGap { .. })));
        assert!(matches!(walk(|stub| stub.leaf_index = 0), Err(Finding::LeafIndexRepeated(_))));
        assert_ne!(root, Hash([0; 32]));
    }

    #[test]
    fn digest_tells_any_two_takings_apart() {
        let entity = Entity { id: "e", revision: 2, kind: "user" };
        let stub = Retired { leaf_index: 7, id: "i", hash: Hash([1; 32]), entity, prev: Some(Hash([2; 32])) };
        let of = |stubs: &[Retired<'_>]| {
            let mut sum = RetiredSum::default();
            stubs.iter().for_each(|stub| sum.push(stub));
            sum.finish()
        };
        let all = [
            of(&[]),
            of(&[stub]),
            of(&[stub, stub]),
            of(&[Retired { leaf_index: 8, ..stub }]),
            of(&[Retired { prev: None, ..stub }]),
            of(&[Retired { hash: Hash([3; 32]), ..stub }]),
            of(&[Retired { id: "ie", entity: Entity { id: "", ..entity }, ..stub }]),
            of(&[Retired { entity: Entity { kind: "usere", id: "", ..entity }, ..stub }]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all.iter().skip(place + 1).any(|other| other.1 == one.1), "{place}");
        }
        assert_eq!(all.map(|(records, _)| records), [0, 1, 2, 1, 1, 1, 1, 1]);
    }
}
