//! The job that removes uploads that were cut off, files of deleted documents, and documents whose time is over.

use std::time::Duration;

use bailiwick_ops::documents::Documents;

use super::supervise::Job;

/// How often something to remove is looked for.
pub(crate) const CLEAR_EVERY: Duration = Duration::from_secs(10);

/// Removes what is over.
pub(crate) struct Clear(pub(crate) Documents);

impl Job for Clear {
    const NAME: &'static str = "documents";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
