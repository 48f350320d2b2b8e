//! Which of the 512 leaves of a block have something.

use crate::{Error, Result};

/// Leaves in a block.
pub(crate) const BLOCK: i64 = 512;
/// Words of a set.
const WORDS: usize = 8;
/// Octets of a set that is written whole; fewer leaves than fill it are written one by one.
const WHOLE: usize = WORDS * 8;

/// A set of leaves of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; WORDS]);

/// The block of a leaf.
pub(crate) const fn block_of(leaf: i64) -> i64 {
    leaf.div_euclid(BLOCK)
}

impl Bits {
    /// The places from `first` up to `last`, of which only those within the block count.
    pub(crate) fn between(first: i64, last: i64) -> Self {
        let mut bits = Self::default();
        for place in first.max(0)..last.min(BLOCK) {
            bits.set(place);
        }
        bits
    }

    /// All places.
    pub(crate) const fn all() -> Self {
        Self([u64::MAX; WORDS])
    }

    /// Puts a place in, counted from the first leaf of the block.
    pub(crate) fn set(&mut self, place: i64) {
        let place = place.rem_euclid(BLOCK).unsigned_abs();
        if let Some(word) = self.0.get_mut(usize::try_from(place / 64).unwrap_or(WORDS)) {
            *word |= 1 << (place % 64);
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    fn with(mut self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(to, from)| *to = join(*to, from));
        self
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == [0; WORDS]
    }

    pub(crate) fn count(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// The places, from the first to the last.
    pub(crate) fn places(self) -> impl DoubleEndedIterator<Item = i64> {
        (0..BLOCK).filter(move |place| {
            let word = self.0.get(usize::try_from(place / 64).unwrap_or(WORDS)).copied().unwrap_or(0);
            (word >> (place % 64)) & 1 == 1
        })
    }

    /// As it is stored: few places as two octets each, big-endian, many as 512 bits, the first leaf being the lowest bit of the
    /// first octet.
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        if usize::try_from(self.count()).unwrap_or(WHOLE) * 2 >= WHOLE {
            return self.0.iter().flat_map(|word| word.to_le_bytes()).collect();
        }
        self.places().flat_map(|place| u16::try_from(place).unwrap_or_default().to_be_bytes()).collect()
    }

    /// Reads what is stored.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut bits = Self::default();
        if bytes.len() == WHOLE {
            for (word, octets) in bits.0.iter_mut().zip(bytes.chunks(8)) {
                *word = u64::from_le_bytes(octets.try_into().unwrap_or_default());
            }
            return Ok(bits);
        }
        for pair in bytes.chunks(2) {
            let place = <[u8; 2]>::try_from(pair).map(u16::from_be_bytes).map(i64::from);
            match place {
                Ok(place) if place < BLOCK => bits.set(place),
                _ => return Err(Error::Corrupt("audit_posting.hits".into())),
            }
        }
        Ok(bits)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn of(places: &BTreeSet<i64>) -> Bits {
        let mut bits = Bits::default();
        places.iter().for_each(|place| bits.set(*place));
        bits
    }

    proptest! {
        #[test]
        fn sets_of_leaves_are_sets(a in btree_set(0_i64..BLOCK, 0..80), b in btree_set(0_i64..BLOCK, 0..80)) {
            let (x, y) = (of(&a), of(&b));
            prop_assert_eq!(x.places().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.and(y), of(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.or(y), of(&a.union(&b).copied().collect()));
            prop_assert_eq!(x.without(y), of(&a.difference(&b).copied().collect()));
            prop_assert_eq!(usize::try_from(x.count()).unwrap(), a.len());
            prop_assert_eq!(Bits::from_bytes(&x.to_bytes()).unwrap(), x);
        }
    }

    #[test]
    fn what_is_stored_is_never_longer_than_the_block_has_bits() {
        assert_eq!(Bits::all().to_bytes().len(), 64);
        assert_eq!(Bits::between(5, 6).to_bytes(), [0, 5]);
        assert_eq!(Bits::between(-3, 600), Bits::all());
        assert!(Bits::from_bytes(&[2, 0]).is_err() && Bits::from_bytes(&[0]).is_err());
    }
}
