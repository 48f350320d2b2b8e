//! Reminding of invitations that lapse soon, as long as their link works.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Invitation, InvitationState},
    ids::InvitationId,
    rule::ByJob,
    time::Span,
};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Scope, Store,
    invitations::{self, Lapsing},
};
use bailiwick_vault::token::InvitationToken;

use super::{inviter::stands, letter};
use crate::{Error, Result, mail::within_limits};

/// So long before the end people are reminded, if the letter lies as long behind them.
const BEFORE: Span = Span::days(2);

/// Reminds people of their invitations, each once.
#[derive(Clone)]
pub struct Reminders {
    store: Store,
    jobs: Arc<Jobs>,
}

impl Reminders {
    /// Over `store`.
    pub const fn new(store: Store, jobs: Arc<Jobs>) -> Self {
        Self { store, jobs }
    }

    /// Writes the reminders that are due, up to a bound, and returns how many.
    ///
    /// # Errors
    /// The first failure; the other reminders were written all the same.
    pub async fn round(&self) -> Result<usize> {
        let now = self.store.now();
        let which = Lapsing { until: now + BEFORE, sent_before: now - BEFORE };
        let (mut written, mut failed) = (0, None);
        for tenant in invitations::tenants_lapsing(&self.store, which).await? {
            let permit = self.jobs.permit(Job::Mail, tenant);
            let ids = invitations::lapsing(&mut self.store.read(&permit).await?, which).await?;
            for id in ids {
                match self.remind(&permit, id).await {
                    Ok(reminded) => written += usize::from(reminded),
                    // It was answered in the meantime, or there were letters enough for today.
                    Err(Error::Conflict(_) | Error::Limited { .. }) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        failed.map_or(Ok(written), Err)
    }

    /// Whether a letter was written.
    async fn remind(&self, permit: &Permit<ByJob>, id: InvitationId) -> Result<bool> {
        // Looked at before the change, which would record a refusal in every round.
        let mut view = self.store.read(permit).await?;
        let invitation = invitations::find(&mut view, id).await?;
        if !stands(&self.store, &mut view, &invitation).await? {
            return Ok(false);
        }
        drop(view);
        self.store
            .change(permit, async |tx| {
                // The policy first, as in every change that counts letters.
                bailiwick_store::tenants::lock_policy(tx).await?;
                let before = invitations::lock(tx, id).await?;
                if before.state != InvitationState::Open || before.reminded_at.is_some() {
                    return Err(Error::Conflict("The invitation is not waiting for a reminder."));
                }
                within_limits(&self.store, tx, &before.email).await?;
                let after = Invitation { reminded_at: Some(tx.now()), ..before.clone() };
                let token = InvitationToken::generate(&tx.tenant().bytes(), self.store.entropy());
                let written = invitations::remind(tx, before, after.clone(), &token.hash()).await?;
                letter::remind(&self.store, tx, &after, &token).await?;
                let event = Event::new("invitation.reminded", &written)?;
                Ok(tx.record(event, true))
            })
            .await
    }
}
