//! Recording that grants and denials have ended by themselves.
//!
//! An end has its effect from its very moment: whoever reads what a person has compares it with the clock. What follows here is the
//! record of it, the sessions' new tokens and the invitations that cannot be given any more.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Effect, Severity},
    ids::{GrantId, UserId},
    rule::ByJob,
};
use bailiwick_store::{Event, Job, Jobs, Permit, Scope, Store, grants, sessions, users};

use super::{FEWER, has_ended};
use crate::{Error, Result, invitations::withdraw_beyond};

/// Records the ends of grants and denials, each once.
#[derive(Clone)]
pub struct Ends {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Ends {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Records what has ended, up to a bound, and returns how many.
    ///
    /// # Errors
    /// The first failure; the others were recorded all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut recorded, mut failed) = (0, None);
        for tenant in grants::tenants_ending(&self.store).await? {
            let permit = self.jobs.permit(Job::Grants, tenant);
            let ending = grants::ending(&mut self.store.read(&permit).await?).await?;
            for (user, id) in ending {
                match self.end(&permit, user, id).await {
                    Ok(()) => recorded += 1,
                    // Another server was quicker, or somebody removed it.
                    Err(Error::Conflict(_) | Error::NotFound) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(recorded), Err)
    }

    async fn end(&self, permit: &Permit<ByJob>, user: UserId, id: GrantId) -> Result<()> {
        // Looked at before the change, which would record a refusal where another server was quicker.
        let mut view = self.store.read(permit).await?;
        let now = view.now();
        let there = grants::of_user(&mut view, user).await?.into_iter().find(|grant| grant.id == id);
        drop(view);
        if !there.is_some_and(|grant| grant.is_over(now) && grant.ended_at.is_none()) {
            return Err(Error::Conflict("The end is recorded already."));
        }
        self.store
            .change(permit, async |tx| {
                let target = users::lock(tx, user).await?;
                let before = grants::lock(tx, user, id).await?;
                let written = grants::end(tx, before.clone()).await?;
                if before.effect == Effect::Grant {
                    withdraw_beyond(&self.store, tx, &target, FEWER).await?;
                }
                sessions::outdate(tx, user).await?;
                let event = Event::new("grant.expired", &written)?
                    .raising(Severity::Info, has_ended(&before, &target));
                Ok(tx.record(event, ()))
            })
            .await
    }
}
