//! The job that retires keys whose place others have taken.

use std::time::Duration;

use bailiwick_ops::api_keys::Retirement;

use super::supervise::Job;

/// How often it is looked whether everybody has moved. A key that is over works no more whether this runs or not.
pub(crate) const RETIRE_EVERY: Duration = Duration::from_secs(60);

/// Retires keys.
pub(crate) struct RetireKeys(pub(crate) Retirement);

impl Job for RetireKeys {
    const NAME: &'static str = "api-keys";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
