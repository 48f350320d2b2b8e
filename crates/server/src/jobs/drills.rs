//! The job that runs tamper drills.

use std::time::Duration;

use bailiwick_ops::audit::drills::Drills;

use super::supervise::Job;

/// How often it is looked whether a drill is due.
pub(crate) const DRILL_EVERY: Duration = Duration::from_secs(600);

/// Runs the drills that are due.
pub(crate) struct Drill(pub(crate) Drills);

impl Job for Drill {
    const NAME: &'static str = "drills";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
