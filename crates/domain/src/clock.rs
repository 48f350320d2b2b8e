//! Time and randomness as parameters, so that every rule that depends on them can be tested exactly.

use crate::time::Timestamp;

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;
}

/// Where random bytes come from.
///
/// Every function that draws randomness takes one, so a test can replay it and a reviewer can see it.
pub trait Entropy: Send + Sync {
    /// Fills the whole of `out` with random bytes fit for keys; there is no partial success.
    fn fill(&self, out: &mut [u8]);
}

impl std::fmt::Debug for dyn Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}
