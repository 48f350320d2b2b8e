//! The jobs of the audit log.

use std::{sync::Arc, time::Duration};

use bailiwick_ops::audit::refusals;
use bailiwick_store::{
    Jobs, Store,
    audit::{Sequencer, SignError, Signer, keep_images},
};

use super::supervise::{Job, describe};

/// How often committed events are given their place.
pub(crate) const SEQUENCE_EVERY: Duration = Duration::from_millis(100);

/// Gives committed events their place in the tree.
pub(crate) struct Sequence(Sequencer);

impl Sequence {
    /// The job over `store`.
    pub(crate) const fn new(store: Store) -> Self {
        Self(Sequencer::new(store))
    }
}

impl Job for Sequence {
    const NAME: &'static str = "sequencer";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        self.0.run().await
    }
}

/// Signs the heads of the trees, and raises an alarm for each that does not fit what was signed before.
pub(crate) struct Sign {
    signer: Signer,
    store: Store,
    jobs: Arc<Jobs>,
}

impl Sign {
    /// The job over `store`.
    pub(crate) const fn new(signer: Signer, store: Store, jobs: Arc<Jobs>) -> Self {
        Self { signer, store, jobs }
    }
}

impl Job for Sign {
    const NAME: &'static str = "signer";
    type Error = SignError;

    async fn round(&mut self) -> Result<usize, SignError> {
        let round = self.signer.round().await?;
        for refused in round.refused.iter().filter_map(refusals::by_signer) {
            // The refusal itself is the round's error; that nobody could be told of it is a second one.
            if let Err(error) = refusals::signing(&self.store, &self.jobs, &refused).await {
                tracing::error!(tenant = %refused.tenant, error = describe(&error), "the alarm could not be recorded");
            }
        }
        round.refused.into_iter().next().map_or(Ok(round.signed), Err)
    }
}

/// How often images of things are made. Until they are, what a thing was is read from more of its records.
pub(crate) const KEEP_EVERY: Duration = Duration::from_secs(5);

/// Keeps images of things with long histories beside the log.
pub(crate) struct KeepImages(pub(crate) Store);

impl Job for KeepImages {
    const NAME: &'static str = "images";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        keep_images(&self.0).await
    }
}

/// How often it is looked whether something was erased that still lies in the write-ahead log.
pub(crate) const SCRUB_EVERY: Duration = Duration::from_secs(5);

/// Empties the write-ahead log of SQLite after something was erased, where that was held up.
pub(crate) struct ScrubWal(pub(crate) Store);

impl Job for ScrubWal {
    const NAME: &'static str = "scrub";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        self.0.scrub_owed().await
    }
}
