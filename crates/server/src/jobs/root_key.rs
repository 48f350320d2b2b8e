//! The job that asks whether what holds the root keys still answers.

use std::{sync::Arc, time::Duration};

use bailiwick_vault::provider::{KeyProvider, ProviderError};

use super::supervise::Job;

/// How often it is asked. Keys that were unwrapped before serve in the meantime.
pub(crate) const ROOT_KEY_EVERY: Duration = Duration::from_secs(60);

/// Asks what holds the root key, and the one that is to take its place.
pub(crate) struct AskRootKey(pub(crate) Vec<Arc<dyn KeyProvider>>);

impl Job for AskRootKey {
    const NAME: &'static str = "root-key";
    type Error = ProviderError;

    async fn round(&mut self) -> Result<usize, ProviderError> {
        for provider in &self.0 {
            provider.check().await?;
        }
        Ok(self.0.len())
    }
}
