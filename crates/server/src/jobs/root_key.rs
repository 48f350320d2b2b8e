//! The job that asks whether what holds the root key still answers.

use std::{sync::Arc, time::Duration};

use bailiwick_vault::provider::{KeyProvider, ProviderError};

use super::supervise::Job;

/// How often it is asked. Keys that were unwrapped before serve in the meantime.
pub(crate) const ROOT_KEY_EVERY: Duration = Duration::from_secs(60);

/// Asks what holds the root key.
pub(crate) struct AskRootKey(pub(crate) Arc<dyn KeyProvider>);

impl Job for AskRootKey {
    const NAME: &'static str = "root-key";
    type Error = ProviderError;

    async fn round(&mut self) -> Result<usize, ProviderError> {
        self.0.check().await.map(|()| 1)
    }
}
