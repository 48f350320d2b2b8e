//! The job that records what has ended by itself.

use std::time::Duration;

use bailiwick_ops::grants::Ends;

use super::supervise::Job;

/// How often ended grants are looked for. Their effect does not wait for it.
pub(crate) const END_EVERY: Duration = Duration::from_secs(60);

/// Records the ends of grants and denials.
pub(crate) struct End(pub(crate) Ends);

impl Job for End {
    const NAME: &'static str = "grants";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
