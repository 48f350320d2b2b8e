//! Choices that can be repeated from their seed.

/// SplitMix64 (Steele, Lea and Flood, 2014). Good enough to choose a place; never for anything that must not be guessed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; zero where there is none.
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        let number = self.next().checked_rem(bound.unsigned_abs()).unwrap_or(0);
        i64::try_from(number).unwrap_or(0)
    }

    /// A place in something with this many of them.
    pub(super) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(i64::try_from(length).unwrap_or(0))).unwrap_or(0)
    }

    /// Flips one bit.
    pub(super) fn damage(&mut self, octets: &mut [u8]) {
        let (place, bit) = (self.place(octets.len()), self.below(8));
        if let Some(octet) = octets.get_mut(place) {
            *octet ^= 1 << bit;
        }
    }
}
