//! Randomness as a parameter.

#[cfg(any(test, feature = "test-entropy"))]
use std::fmt;

pub use bailiwick_domain::clock::Entropy;

/// The cryptographic generator of AWS-LC, seeded from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws from the operating system")]
    #[allow(
        clippy::panic,
        reason = "a process that cannot draw randomness must not go on to make keys; AWS-LC itself aborts in most such cases"
    )]
    fn fill(&self, out: &mut [u8]) {
        if aws_lc_rs::rand::fill(out).is_err() {
            panic!("the system's random generator failed");
        }
    }
}

/// A repeatable generator for tests: SHA-256 in counter mode over a seed.
///
/// Two instances with one seed give one stream. Anything made with it is public knowledge.
#[cfg(any(test, feature = "test-entropy"))]
pub struct SeededEntropy {
    seed: u64,
    block: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "test-entropy"))]
impl SeededEntropy {
    /// Starts the stream that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, block: std::sync::atomic::AtomicU64::new(0) }
    }
}

#[cfg(any(test, feature = "test-entropy"))]
impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        use aws_lc_rs::digest::{SHA256, digest};
        for chunk in out.chunks_mut(32) {
            let block = self.block.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let input = [self.seed.to_be_bytes(), block.to_be_bytes()].concat();
            for (to, from) in chunk.iter_mut().zip(digest(&SHA256, &input).as_ref()) {
                *to = *from;
            }
        }
    }
}

#[cfg(any(test, feature = "test-entropy"))]
impl fmt::Debug for SeededEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeededEntropy").field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Draws a fixed number of public random bytes, such as a nonce.
pub(crate) fn draw<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_another_seed_another() {
        let (left, right, other) = (SeededEntropy::new(1), SeededEntropy::new(1), SeededEntropy::new(2));
        let stream: [u8; 80] = draw(&left);
        assert_eq!(stream, draw::<80>(&right));
        assert_ne!(stream, draw::<80>(&other));
        assert_ne!(stream, draw::<80>(&left), "a stream does not repeat itself");
    }

    #[test]
    fn the_system_generator_fills_every_byte_position() {
        let mut seen = [0_u8; 64];
        for _ in 0..64 {
            for (seen, byte) in seen.iter_mut().zip(draw::<64>(&SystemEntropy)) {
                *seen |= byte;
            }
        }
        assert!(seen.iter().all(|byte| *byte != 0));
    }
}
