//! The job that forgets keys as other servers tell.

use std::time::Duration;

use bailiwick_store::key_cache::KeyNode;

use super::supervise::Job;

/// The pause between rounds, each of which waits for news by itself.
pub(crate) const LISTEN_EVERY: Duration = Duration::from_millis(1);

/// Listens to what other servers change.
pub(crate) struct Listen(pub(crate) KeyNode);

impl Job for Listen {
    const NAME: &'static str = "key-cache";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        self.0.round().await
    }
}
