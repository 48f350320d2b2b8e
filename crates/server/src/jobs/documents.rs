//! The jobs that remove uploads that were cut off, files of deleted documents, documents whose time is over, and what a crash left behind.

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

/// How often files are looked for that no document knows of.
pub(crate) const SWEEP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes what a crash left behind.
pub(crate) struct Sweep(pub(crate) Documents);

impl Job for Sweep {
    const NAME: &'static str = "document-sweep";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.sweep().await
    }
}
