//! The memory that Argon2id fills, used again from hash to hash.
//!
//! Taken anew for each hash it costs a page fault for every 4 KiB, and an allocator keeps some for each thread that ever
//! hashed. What is used again has to be wiped: from the blocks of a finished hash, somebody who can read them finds the
//! first ones of its first pass, and tests a guess against those for next to nothing.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::{Zeroize, Zeroizing};

use super::{OUTPUT, PasswordCost, PasswordError};

/// Memory for one hash at a time.
pub(super) struct Memory {
    /// Blocks of a hash at today's cost.
    usual: usize,
    /// Taken with the first hash.
    blocks: Option<Blocks>,
}

impl Memory {
    /// As much as a hash at this cost takes, from the first one on.
    pub(super) fn of(cost: &PasswordCost) -> Self {
        // Without parameters there are no hashes either.
        Self { usual: cost.params().map_or(0, |params| params.block_count()), blocks: None }
    }

    /// The same for somebody else; what this one holds is not shared.
    pub(super) const fn another(&self) -> Self {
        Self { usual: self.usual, blocks: None }
    }

    /// The output of Argon2id, in its present version, for a password and a salt of at least 8 bytes.
    ///
    /// Whatever was in the memory makes no difference. A stored hash that takes more than one of today's gets memory for once.
    ///
    /// # Errors
    /// [`PasswordError::Memory`].
    pub(super) fn hash(
        &mut self,
        params: &Params,
        password: &[u8],
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; OUTPUT]>, PasswordError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        if params.block_count() > self.usual {
            return Blocks::take(params.block_count())?.fill(&argon2, password, salt);
        }
        let blocks = match &mut self.blocks {
            Some(blocks) => blocks,
            none => none.insert(Blocks::take(self.usual)?),
        };
        blocks.fill(&argon2, password, salt)
    }

    /// Overwrites what hashes have left.
    pub(super) fn wipe(&mut self) {
        if let Some(blocks) = &mut self.blocks {
            blocks.wipe();
        }
    }
}

/// Blocks that are wiped before they are given back.
struct Blocks {
    all: Vec<Block>,
    /// How many of the first ones may not be zero.
    used: usize,
}

impl Blocks {
    fn take(count: usize) -> Result<Self, PasswordError> {
        let mut all = Vec::new();
        all.try_reserve_exact(count).map_err(|_| PasswordError::Memory)?;
        all.resize(count, Block::new());
        Ok(Self { all, used: 0 })
    }

    fn fill(
        &mut self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; OUTPUT]>, PasswordError> {
        // Before it begins: what is left where it does not come to its end is wiped as well.
        self.used = self.used.max(argon2.params().block_count());
        let mut output = Zeroizing::new([0; OUTPUT]);
        argon2
            .hash_password_into_with_memory(password, salt, output.as_mut_slice(), self.all.as_mut_slice())
            .map_err(|_| PasswordError::Memory)?;
        Ok(output)
    }

    fn wipe(&mut self) {
        self.all.iter_mut().take(self.used).for_each(Zeroize::zeroize);
        self.used = 0;
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use argon2::PasswordHasher as _;
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::password::stored;

    impl Memory {
        /// Whether nothing is left of any hash.
        pub(in crate::password) fn is_clean(&self) -> bool {
            let blocks = self.blocks.iter().flat_map(|blocks| &blocks.all);
            blocks.flat_map(AsRef::<[u64]>::as_ref).all(|word| *word == 0)
        }

        /// Where the blocks are, once there are any.
        pub(in crate::password) fn place(&self) -> Option<usize> {
            self.blocks.as_ref().map(|blocks| blocks.all.as_ptr().addr())
        }
    }

    #[test]
    fn what_a_hash_leaves_is_wiped_and_the_memory_stays() {
        let cost = PasswordCost::INSECURE;
        let mut memory = Memory::of(&cost);
        assert!(memory.place().is_none(), "nothing is taken before it is needed");
        memory.hash(&cost.params().unwrap(), b"correct horse battery", &[7; 16]).unwrap();
        let place = memory.place();
        assert!(place.is_some() && !memory.is_clean());
        memory.wipe();
        assert!(memory.is_clean());
        memory.hash(&cost.params().unwrap(), b"correct horse battery", &[8; 16]).unwrap();
        assert_eq!(memory.place(), place);
        assert!(memory.another().place().is_none());
    }

    prop_compose! {
        /// Costs below, at and above the usual one.
        fn cost()(lanes in 1..=3_u32, blocks in 8..=24_u32, passes in 1..=3_u32) -> Params {
            Params::new(lanes * blocks, passes, lanes, Some(OUTPUT)).unwrap()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn memory_used_again_makes_the_hashes_of_the_ordinary_interface(
            hashes in vec((cost(), vec(any::<u8>(), 0..80), any::<[u8; 16]>(), any::<bool>()), 1..6)
        ) {
            let mut memory = Memory { usual: 32, blocks: None };
            for (params, password, salt, wiped) in hashes {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let mut ordinary = [0; OUTPUT];
                argon2.hash_password_into(&password, &salt, &mut ordinary).unwrap();
                let ours = memory.hash(&params, &password, &salt).unwrap();
                prop_assert_eq!(*ours, ordinary);
                let text = argon2.hash_password_with_salt(&password, &salt).unwrap().to_string();
                let stored = stored(&params, &salt, ours.as_slice()).unwrap();
                prop_assert_eq!(stored.as_str(), text);
                if wiped {
                    memory.wipe();
                }
            }
        }
    }
}
