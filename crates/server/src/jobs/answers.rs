//! The job that removes kept answers whose day is over.

use std::time::Duration;

use bailiwick_store::{Store, kept_answers};

use super::supervise::Job;

/// How often they are looked for. Nobody is answered from one whose day is over.
pub(crate) const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Removes them.
pub(crate) struct ForgetAnswers(pub(crate) Store);

impl Job for ForgetAnswers {
    const NAME: &'static str = "kept-answers";
    type Error = bailiwick_store::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_store::Error> {
        kept_answers::clear(&self.0).await
    }
}
