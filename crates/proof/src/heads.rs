//! The leaves of the tree of heads: what every tenant's log looked like, one head after the other, so that a log that
//! vanishes whole, or goes back, is missed.
//!
//! A leaf is 88 octets:
//!
//! | octets | what |
//! |---|---|
//! | 4 | `BWH1` |
//! | 32 | the tenant's tag, which only the installation can trace to the tenant |
//! | 4 | the epoch of the tenant's log, big-endian |
//! | 8 | its size, big-endian |
//! | 8 | when the head was noted, microseconds since 1970, big-endian |
//! | 32 | its root |

use crate::hash::Hash;

/// The size of a leaf in octets.
pub const HEAD_BYTES: usize = 88;

const MAGIC: [u8; 4] = *b"BWH1";

/// The head of one tenant's log at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Stands for the tenant: the same in each of its heads, and telling nobody else which tenant it is.
    pub tag: [u8; 32],
    /// Which of the log's lives, from 1.
    pub epoch: u32,
    /// The number of leaves.
    pub size: u64,
    /// When it was noted, in microseconds since 1970.
    pub micros: u64,
    /// The root of the leaves.
    pub root: Hash,
}

/// Says that octets are not the head of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these octets are not the head of a log")]
pub struct HeadError;

impl Head {
    /// The octets that are hashed into the leaf.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEAD_BYTES] {
        let mut octets = [0; HEAD_BYTES];
        let parts = [
            MAGIC.as_slice(),
            &self.tag,
            &self.epoch.to_be_bytes(),
            &self.size.to_be_bytes(),
            &self.micros.to_be_bytes(),
            &self.root.0,
        ];
        for (place, octet) in octets.iter_mut().zip(parts.into_iter().flatten()) {
            *place = *octet;
        }
        octets
    }

    /// Reads what [`Head::to_bytes`] wrote.
    ///
    /// # Errors
    /// Octets of another length or beginning, and an epoch of zero.
    pub fn from_bytes(octets: &[u8]) -> Result<Self, HeadError> {
        let whole: &[u8; HEAD_BYTES] = octets.try_into().map_err(|_| HeadError)?;
        let (magic, rest) = whole.split_first_chunk::<4>().ok_or(HeadError)?;
        let (tag, rest) = rest.split_first_chunk::<32>().ok_or(HeadError)?;
        let (epoch, rest) = rest.split_first_chunk::<4>().ok_or(HeadError)?;
        let (size, rest) = rest.split_first_chunk::<8>().ok_or(HeadError)?;
        let (micros, root) = rest.split_first_chunk::<8>().ok_or(HeadError)?;
        let epoch = u32::from_be_bytes(*epoch);
        if *magic != MAGIC || epoch == 0 {
            return Err(HeadError);
        }
        Ok(Self {
            tag: *tag,
            epoch,
            size: u64::from_be_bytes(*size),
            micros: u64::from_be_bytes(*micros),
            root: Hash::from_slice(root).map_err(|_| HeadError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_head_lies_where_it_is_documented() {
        let head = Head { tag: [7; 32], epoch: 2, size: 258, micros: 3, root: Hash([9; 32]) };
        let octets = head.to_bytes();
        assert_eq!(
            hex::encode(octets),
            format!("42574831{}00000002{:016x}{:016x}{}", "07".repeat(32), 258, 3, "09".repeat(32))
        );
        assert_eq!(Head::from_bytes(&octets), Ok(head));
        assert_eq!(Head::from_bytes(octets.get(1..).unwrap()), Err(HeadError));
        assert_eq!(Head::from_bytes(&Head { epoch: 0, ..head }.to_bytes()), Err(HeadError));
    }

    proptest! {
        #[test]
        fn a_head_is_read_as_it_was_written(octets in proptest::collection::vec(any::<u8>(), 84)) {
            let octets = [MAGIC.as_slice(), &octets].concat();
            if let Ok(head) = Head::from_bytes(&octets) {
                let written = head.to_bytes();
                prop_assert_eq!(written.as_slice(), octets.as_slice());
            }
        }
    }
}
