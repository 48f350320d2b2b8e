//! The job that writes exports of the log, and removes them when their time is over.

use std::time::Duration;

use bailiwick_ops::exports::Exports;

use super::supervise::Job;
use crate::stop::Stop;

/// How often exports are looked for.
pub(crate) const EXPORT_EVERY: Duration = Duration::from_secs(1);

/// Writes exports.
pub(crate) struct Export(pub(crate) Exports);

impl Job for Export {
    const NAME: &'static str = "exports";
    type Error = bailiwick_ops::Error;

    /// An export can take minutes.
    fn heed(&mut self, stop: &Stop) {
        let stop = stop.clone();
        self.0 = self.0.clone().until(move || stop.is_told());
    }

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
