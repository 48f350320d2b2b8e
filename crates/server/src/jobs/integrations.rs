//! The job that tests integrations which are in use.

use std::time::Duration;

use bailiwick_ops::integrations::Checks;

use super::supervise::Job;

/// How often it is looked for what is due; each integration is due once an hour.
pub(crate) const CHECK_EVERY: Duration = Duration::from_secs(60);

/// Tests integrations.
pub(crate) struct Check(pub(crate) Checks);

impl Job for Check {
    const NAME: &'static str = "integrations";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
