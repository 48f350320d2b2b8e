//! All entity chains of a tenant, checked in constant memory.
//!
//! Every event claims a predecessor: the same entity, one revision earlier, with a certain hash. If the chains hold,
//! the events that exist are exactly the predecessors claimed plus the recorded heads: the same multiset, each entity
//! contributing one chain from revision 1 to its head. Two multisets are compared by their sums of a keyed hash modulo
//! 2^256 (the additive multiset hash of Clarke, Devadas, van Dijk, Gassend and Suh, 2003). The key is drawn for this
//! verification alone, after the data was stored, so whoever altered the data could not aim at an equal sum.

use sha2::{Digest, Sha256};

use crate::{event::Entity, hash::Hash};

/// Sum of the existing events, minus the claimed ones, minus the heads.
#[derive(Debug)]
pub(super) struct ChainSum {
    /// SHA-256 that has taken in one block of label and key.
    keyed: Sha256,
    /// 256 bits, least significant limb first.
    sum: [u64; 4],
}

impl ChainSum {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let mut label = [0; 32];
        label.iter_mut().zip(b"bailiwick entity chain sum v1").for_each(|(slot, octet)| *slot = *octet);
        let mut keyed = Sha256::new();
        keyed.update(label);
        keyed.update(key);
        Self { keyed, sum: [0; 4] }
    }

    /// An event exists, and claims `prev` before it unless it is the first.
    pub(super) fn event(&mut self, entity: &Entity<'_>, hash: &Hash, prev: Option<&Hash>) {
        self.add(self.term(entity, entity.revision, hash));
        if let Some(prev) = prev {
            self.subtract(self.term(entity, entity.revision - 1, prev));
        }
    }

    /// A head is recorded.
    pub(super) fn head(&mut self, entity: &Entity<'_>, hash: &Hash) {
        self.subtract(self.term(entity, entity.revision, hash));
    }

    pub(super) fn is_zero(&self) -> bool {
        self.sum == [0; 4]
    }

    fn term(&self, entity: &Entity<'_>, revision: u64, hash: &Hash) -> [u64; 4] {
        let mut hasher = self.keyed.clone();
        // Fixed lengths first, and the lengths of the rest among them: no two different records give the same octets.
        hasher.update(revision.to_be_bytes());
        hasher.update(hash.0);
        hasher.update((entity.kind.len() as u64).to_be_bytes());
        hasher.update(entity.kind);
        hasher.update(entity.id);
        let digest: [u8; 32] = hasher.finalize().into();
        let mut limbs = [0; 4];
        limbs
            .iter_mut()
            .zip(digest.as_chunks::<8>().0)
            .for_each(|(limb, octets)| *limb = u64::from_le_bytes(*octets));
        limbs
    }

    fn add(&mut self, term: [u64; 4]) {
        let mut carry = false;
        for (limb, other) in self.sum.iter_mut().zip(term) {
            let (partial, first) = limb.overflowing_add(other);
            let (whole, second) = partial.overflowing_add(u64::from(carry));
            (*limb, carry) = (whole, first || second);
        }
    }

    fn subtract(&mut self, term: [u64; 4]) {
        let mut borrow = false;
        for (limb, other) in self.sum.iter_mut().zip(term) {
            let (partial, first) = limb.overflowing_sub(other);
            let (whole, second) = partial.overflowing_sub(u64::from(borrow));
            (*limb, borrow) = (whole, first || second);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(sum: [u64; 4]) -> ChainSum {
        ChainSum { sum, ..ChainSum::new(&[7; 32]) }
    }

    #[test]
    fn sums_carry_and_borrow_across_all_limbs() {
        let mut sum = with([u64::MAX; 4]);
        sum.add([1, 0, 0, 0]);
        assert!(sum.is_zero());
        sum.subtract([1, 0, 0, 0]);
        assert_eq!(sum.sum, [u64::MAX; 4]);
        let mut sum = with([u64::MAX, 5, 0, 0]);
        sum.add([1, u64::MAX, 0, 0]);
        assert_eq!(sum.sum, [0, 5, 1, 0]);
    }

    #[test]
    fn kind_and_id_cannot_be_shifted_into_each_other() {
        let sum = ChainSum::new(&[7; 32]);
        let entity = |kind, id| Entity { id, revision: 1, kind };
        let hash = Hash([1; 32]);
        assert_ne!(sum.term(&entity("ab", "c"), 1, &hash), sum.term(&entity("a", "bc"), 1, &hash));
    }

    proptest! {
        #[test]
        fn order_does_not_matter(start in any::<[u64; 4]>(), terms in proptest::collection::vec(any::<[u64; 4]>(), 0..20)) {
            let mut sum = with(start);
            terms.iter().for_each(|term| sum.add(*term));
            terms.iter().rev().for_each(|term| sum.subtract(*term));
            prop_assert_eq!(sum.sum, start);
        }
    }
}
