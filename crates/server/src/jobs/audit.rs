//! The two jobs of the audit log.

use std::time::Duration;

use bailiwick_store::{
    Store,
    audit::{Sequencer, SignError, Signer},
};

use super::supervise::Job;

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

/// Signs the heads of the trees.
pub(crate) struct Sign(pub(crate) Signer);

impl Job for Sign {
    const NAME: &'static str = "signer";
    type Error = SignError;

    async fn round(&mut self) -> Result<usize, SignError> {
        self.0.run().await
    }
}
