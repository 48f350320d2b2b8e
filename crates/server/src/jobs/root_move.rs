//! The job that goes on with a move from one root key to another.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bailiwick_ops::{Error, keys::Mover};
use bailiwick_vault::provider::KeyProvider;

use super::supervise::Job;
use crate::{
    installation::signing::{NotMoved, move_to},
    stop::Stop,
};

/// How often it is looked whether there is something to move.
pub(crate) const MOVE_EVERY: Duration = Duration::from_secs(5);

/// Wraps anew what the old root key wrapped: the signing key beside the checkpoints of this server, and every tenant's keys.
pub(crate) struct MoveRoot {
    pub(crate) mover: Mover,
    pub(crate) signing_key: PathBuf,
    pub(crate) roots: Vec<Arc<dyn KeyProvider>>,
    stop: Option<Stop>,
}

impl MoveRoot {
    /// Of the signing key in this file, with the root keys that unwrap.
    pub(crate) const fn new(mover: Mover, signing_key: PathBuf, roots: Vec<Arc<dyn KeyProvider>>) -> Self {
        Self { mover, signing_key, roots, stop: None }
    }
}

/// Why a round failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveFailed {
    /// The keys of tenants.
    #[error(transparent)]
    Keys(#[from] Error),
    /// The signing key.
    #[error(transparent)]
    Signing(#[from] NotMoved),
}

impl Job for MoveRoot {
    const NAME: &'static str = "root-move";
    type Error = MoveFailed;

    fn heed(&mut self, stop: &Stop) {
        self.stop = Some(stop.clone());
    }

    async fn round(&mut self) -> Result<usize, MoveFailed> {
        let Some(to) = self.mover.leading().await? else { return Ok(0) };
        let signing = move_to(&self.signing_key, &self.roots, &to).await;
        let stop = self.stop.clone();
        let enough = move || stop.as_ref().is_some_and(Stop::is_told);
        let keys = self.mover.round(signing.is_ok(), &enough).await;
        Ok(usize::from(signing?) + keys?)
    }
}
