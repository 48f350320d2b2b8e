//! Testing what is in use, by the server itself.

use std::sync::Arc;

use bailiwick_store::{Job, Jobs, Store, integrations};

use super::{Outside, test};
use crate::{Error, Result};

/// Tests of one round at most: each ends by itself within seconds.
const A_ROUND: usize = 16;
/// Tests of one organisation in a round at most, so that nobody waits for another's.
const OF_ONE: usize = 4;

/// Tests integrations that are enabled, each once an hour.
#[derive(Clone)]
pub struct Checks {
    store: Store,
    jobs: Arc<Jobs>,
    outside: Outside,
}

impl Checks {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>, outside: Outside) -> Self {
        Self { store, jobs, outside }
    }

    /// Tests what is due, up to a bound, and returns how many.
    ///
    /// # Errors
    /// The first failure of this server; the others were tested all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut tested, mut failed) = (0, None);
        for tenant in integrations::tenants_due(&self.store).await? {
            let permit = self.jobs.permit(Job::Integrations, tenant);
            for _ in 0..OF_ONE {
                if tested >= A_ROUND {
                    return failed.map_or(Ok(tested), Err);
                }
                // One after the other: what another server tests meanwhile is not due any more.
                let due = integrations::due(&mut self.store.read(&permit).await?, 1).await?;
                let Some(id) = due.first() else { break };
                match test(&self.store, &permit, &self.outside, *id).await {
                    Ok(_) => tested += 1,
                    // Another server was quicker, or somebody removed it.
                    Err(Error::Conflict(_) | Error::NotFound) => break,
                    Err(error) => {
                        failed = failed.or(Some(error));
                        break;
                    }
                }
            }
        }
        failed.map_or(Ok(tested), Err)
    }
}
