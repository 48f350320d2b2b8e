//! The job that copies the logs into the archive.

use std::time::Duration;

use super::supervise::Job;
use crate::archive::{Archive, Fault};

/// How often segments that are due are looked for.
pub(crate) const ARCHIVE_EVERY: Duration = Duration::from_secs(60);

/// Archives.
pub(crate) struct CopyLog(pub(crate) Archive);

impl Job for CopyLog {
    const NAME: &'static str = "archive";
    type Error = Fault;

    async fn round(&mut self) -> Result<usize, Fault> {
        self.0.round().await
    }
}
