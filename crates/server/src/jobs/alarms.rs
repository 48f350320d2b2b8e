//! The job that looks after the keeping of the logs.

use std::time::Duration;

use bailiwick_ops::audit::alarms::Watch;

use super::supervise::Job;

/// How often it is looked whether records wait too long, or something is missing.
pub(crate) const ALARM_EVERY: Duration = Duration::from_secs(15);

/// Raises and ends alarms.
pub(crate) struct Alarm(pub(crate) Watch);

impl Job for Alarm {
    const NAME: &'static str = "log-alarms";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
