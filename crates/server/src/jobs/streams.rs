//! The job that sends the audit log to other systems.

use std::time::Duration;

use bailiwick_ops::audit::stream::Worker;

use super::supervise::Job;

/// How often streams with something to do are looked for.
pub(crate) const STREAM_EVERY: Duration = Duration::from_secs(1);

/// Carries streams.
pub(crate) struct Stream(pub(crate) Worker);

impl Job for Stream {
    const NAME: &'static str = "streams";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
