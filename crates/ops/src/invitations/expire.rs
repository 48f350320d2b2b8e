//! Recording that invitations were not answered in time.
//!
//! An invitation is over at its end whether or not anybody has noted it: its status follows from the clock. The record makes it
//! part of the history, and its letter, if that still waits, does not leave any more.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Invitation, InvitationState, InvitationStatus, Severity},
    ids::InvitationId,
    rule::ByJob,
};
use bailiwick_store::{Event, Job, Jobs, Permit, Scope, Store, invitations};

use crate::{Error, Result, mail, sign_in::attempts::Stop};

/// Records of invitations that they have expired, each once.
#[derive(Clone)]
pub struct Expiries {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Expiries {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Records what has expired, up to a bound, and returns how many invitations that were. Those of a suspended organisation
    /// wait until it is served again.
    ///
    /// # Errors
    /// The first failure; the others were recorded all the same.
    pub async fn round(&self) -> Result<usize> {
        let (mut recorded, mut failed) = (0, None);
        for tenant in invitations::tenants_with_expired(&self.store).await? {
            let permit = self.jobs.permit(Job::Invitations, tenant);
            let ids = invitations::expired(&mut self.store.read(&permit).await?).await?;
            for id in ids {
                match self.expire(&permit, id).await {
                    Ok(()) => recorded += 1,
                    // Sent again or taken back in the meantime, or recorded by another server.
                    Err(Error::Conflict(_)) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(recorded), Err)
    }

    async fn expire(&self, permit: &Permit<ByJob>, id: InvitationId) -> Result<()> {
        let recorded: Result<(), Stop> = self
            .store
            .change(permit, async |tx| {
                let before = invitations::lock(tx, id).await?;
                let over = before.status(tx.now()) == InvitationStatus::Expired;
                if before.state != InvitationState::Open || !over {
                    return Err(Stop::Unsaid(Error::Conflict("The invitation has not expired.")));
                }
                let after = Invitation { state: InvitationState::Expired, ..before.clone() };
                let written = invitations::replace(tx, before, after.clone()).await?;
                mail::withdraw(tx, id.uuid()).await?;
                let event = Event::new("invitation.expired", &written)?
                    .raising(Severity::Info, format!("{} invitation expired", after.role.title()));
                Ok(tx.record(event, ()))
            })
            .await;
        Ok(recorded?)
    }
}
