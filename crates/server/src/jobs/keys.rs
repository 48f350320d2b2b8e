//! The job that keeps the encryption keys.

use std::time::Duration;

use bailiwick_ops::keys::Upkeep;

use super::supervise::Job;

/// How often there is a round: a version that another server made is known here after so long at the latest.
pub(crate) const KEYS_EVERY: Duration = Duration::from_secs(5);

/// Learns of other servers' versions, rotates what is due, wraps anew, destroys what was asked for.
pub(crate) struct KeepKeys(pub(crate) Upkeep);

impl Job for KeepKeys {
    const NAME: &'static str = "keys";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
