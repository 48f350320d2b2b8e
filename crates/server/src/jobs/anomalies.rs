//! The job that looks at new records for what is unusual.

use std::time::Duration;

use bailiwick_ops::audit::anomalies::Watch;

use super::supervise::Job;

/// How often new records are looked at.
pub(crate) const WATCH_EVERY: Duration = Duration::from_secs(15);

/// Notes what is unusual.
pub(crate) struct Watching(pub(crate) Watch);

impl Job for Watching {
    const NAME: &'static str = "anomalies";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
