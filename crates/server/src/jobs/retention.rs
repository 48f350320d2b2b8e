//! The jobs that take records whose time is over, and bring segments back from the archive.

use std::time::Duration;

use super::supervise::Job;
use crate::archive::{BackFault, BringBack, Retain};

/// How often what is over is looked for.
pub(crate) const RETAIN_EVERY: Duration = Duration::from_secs(3_600);
/// How often segments that were asked for are looked for.
pub(crate) const BRING_EVERY: Duration = Duration::from_secs(5);

/// Takes what is over.
pub(crate) struct Take(pub(crate) Retain);

impl Job for Take {
    const NAME: &'static str = "retention";
    type Error = BackFault;

    async fn round(&mut self) -> Result<usize, BackFault> {
        self.0.round().await
    }
}

/// Brings segments back, and takes them again.
pub(crate) struct Bring(pub(crate) BringBack);

impl Job for Bring {
    const NAME: &'static str = "restores";
    type Error = BackFault;

    async fn round(&mut self) -> Result<usize, BackFault> {
        self.0.round().await
    }
}
