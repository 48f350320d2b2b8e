//! The job that records that locked accounts are open again.

use std::time::Duration;

use bailiwick_ops::sign_in::LockEnds;

use super::supervise::Job;

/// How often locks that have ended are looked for. Their effect does not wait for it.
pub(crate) const UNLOCK_EVERY: Duration = Duration::from_secs(60);

/// Records the ends of locks.
pub(crate) struct Unlock(pub(crate) LockEnds);

impl Job for Unlock {
    const NAME: &'static str = "locks";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
