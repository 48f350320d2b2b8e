//! Writing down which permissions and keys were used.

use std::time::Duration;

use bailiwick_store::{Store, key_uses, permission_use};

use super::supervise::Job;

/// How often uses are written down: what a crash loses at most.
pub(crate) const FLUSH_EVERY: Duration = Duration::from_secs(60);

/// Writes down what the gate noted.
pub(crate) struct NoteUses(pub(crate) Store);

impl Job for NoteUses {
    const NAME: &'static str = "permission-use";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        let permissions = permission_use::flush(&self.0).await?;
        Ok(permissions + key_uses::flush(&self.0).await?)
    }
}
