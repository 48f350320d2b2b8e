//! The job that writes exports of the log, and removes them when their time is over.

use std::time::Duration;

use bailiwick_ops::exports::Exports;

use super::supervise::Job;

/// How often exports are looked for.
pub(crate) const EXPORT_EVERY: Duration = Duration::from_secs(1);

/// Writes exports.
pub(crate) struct Export(pub(crate) Exports);

impl Job for Export {
    const NAME: &'static str = "exports";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
