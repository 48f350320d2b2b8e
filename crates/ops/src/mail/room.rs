//! The mail room: hands letters on, tries again later and later, and says how each one ended.
//!
//! A letter is delivered at least once. A crash between handing it on and recording that leads to a second copy under
//! the same message id; a crash before leads to another attempt once the lease is over.

use std::sync::Arc;

use bailiwick_domain::{
    entity::{Mail, MailChannel, MailFault, MailState, Severity},
    ids::{MailId, TenantId},
    rule::ByJob,
    time::Span,
};
use bailiwick_mail::{ByMail, Channel, Dispatch, Letter, LinkBase, Sender, Transport};
use bailiwick_store::{
    Event, Job, Jobs, Permit, Scope, Store,
    mail::{self, Claimed},
};

use crate::Error;

/// The pause after the first attempt; twice as long after each further one.
const FIRST_PAUSE: Span = Span::minutes(1);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Span = Span::hours(6);

/// Why a round ended early, or was not all it should be.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The mail server; the letters wait.
    #[error("letters are waiting: {}", .0.sentence())]
    Server(MailFault),
    /// The message gateway; the messages wait.
    #[error("messages are waiting: {}", .0.sentence_of(MailChannel::Webhook))]
    Gateway(MailFault),
    /// The database, or a letter that cannot be opened.
    #[error("the mail room could not do its work")]
    Ops(#[from] Error),
}

impl From<bailiwick_store::Error> for RoundError {
    fn from(error: bailiwick_store::Error) -> Self {
        Self::Ops(error.into())
    }
}

/// Hands letters on. Several may work over one database; each letter is taken by one of them.
#[derive(Clone)]
pub struct Mailroom {
    store: Store,
    jobs: Arc<Jobs>,
    /// Messages to phones go before letters: they hold codes that somebody waits for.
    channels: Vec<Arc<dyn Channel>>,
    base: LinkBase,
}

impl Mailroom {
    /// A mail room whose letters come from `from` and whose links begin with `base`.
    pub fn new(
        store: Store,
        jobs: Arc<Jobs>,
        transport: Arc<dyn Transport>,
        from: Sender,
        base: LinkBase,
    ) -> Self {
        Self { store, jobs, channels: vec![Arc::new(ByMail::new(transport, from))], base }
    }

    /// As before, with another way to people beside mail.
    #[must_use]
    pub fn and(mut self, channel: Arc<dyn Channel>) -> Self {
        self.channels.insert(0, channel);
        self
    }

    /// Hands on what is due, up to a bound, and returns how many letters left.
    ///
    /// # Errors
    /// [`RoundError::Server`] or [`RoundError::Gateway`] as soon as one of these itself fails: its remaining letters are not
    /// tried, those of the other are. A letter that cannot be opened does not hold up the others; the first failure is the
    /// answer.
    pub async fn round(&self) -> Result<usize, RoundError> {
        let (mut sent, mut failed) = (0, None);
        for channel in self.channels.iter().filter(|channel| channel.is_ready()) {
            match self.through(&**channel).await {
                Ok(left) => sent += left,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(sent), Err)
    }

    async fn through(&self, channel: &dyn Channel) -> Result<usize, RoundError> {
        let (mut sent, mut failed) = (0, None);
        for tenant in mail::tenants_due(&self.store, channel.kind()).await? {
            match self.tenant(channel, tenant).await {
                Ok(left) => sent += left,
                Err(error @ (RoundError::Server(_) | RoundError::Gateway(_))) => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(sent), Err)
    }

    async fn tenant(&self, channel: &dyn Channel, tenant: TenantId) -> Result<usize, RoundError> {
        let permit = self.jobs.permit(Job::Mail, tenant);
        let due = mail::due(&mut self.store.read(&permit).await?, channel.kind()).await?;
        let (mut sent, mut failed) = (0, None);
        for id in due {
            match self.letter(channel, &permit, id).await {
                Ok(left) => sent += usize::from(left),
                Err(error @ (RoundError::Server(_) | RoundError::Gateway(_))) => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(sent), Err)
    }

    /// One attempt. Whether the letter left.
    async fn letter(
        &self,
        channel: &dyn Channel,
        permit: &Permit<ByJob>,
        id: MailId,
    ) -> Result<bool, RoundError> {
        let Some(claimed) = mail::claim(&self.store, permit, id).await? else { return Ok(false) };
        let Err(fault) = self.hand_on(channel, &claimed).await else {
            self.settle(permit, &claimed, MailState::Sent, None).await?;
            return Ok(true);
        };
        let next = self.store.now() + pause(claimed.attempt);
        if fault.is_final() || next > claimed.last_day {
            self.settle(permit, &claimed, MailState::GivenUp, Some(fault)).await?;
        } else {
            mail::postpone(&self.store, permit, &claimed, fault, next).await?;
        }
        match channel.kind() {
            _ if !fault.is_the_servers() => Ok(false),
            MailChannel::Mail => Err(RoundError::Server(fault)),
            MailChannel::Webhook => Err(RoundError::Gateway(fault)),
        }
    }

    async fn hand_on(&self, channel: &dyn Channel, claimed: &Claimed) -> Result<(), MailFault> {
        let now = self.store.now();
        if now > claimed.last_day {
            return Err(MailFault::Late);
        }
        let letter = Letter::from_bytes(claimed.content.as_bytes()).map_err(|_| MailFault::Unwritable)?;
        let dispatch = Dispatch {
            id: claimed.mail.id,
            to: &claimed.mail.to,
            written_at: claimed.mail.created_at,
            now,
            letter: &letter,
            base: &self.base,
        };
        channel.deliver(dispatch).await
    }

    /// Records how a letter ended, and wipes what it said.
    async fn settle(
        &self,
        permit: &Permit<ByJob>,
        claimed: &Claimed,
        state: MailState,
        fault: Option<MailFault>,
    ) -> Result<(), Error> {
        self.store
            .change(permit, async |tx| {
                let before = mail::lock(tx, claimed.mail.id).await?;
                if before.state != MailState::Waiting {
                    return Err(Error::Conflict("The letter is settled already."));
                }
                let after = Mail { state, fault, settled_at: Some(tx.now()), ..before.clone() };
                let written = mail::settle(tx, before, after).await?;
                let event = match fault {
                    None => {
                        Event::new("mail.sent", &written)?.because(format!("attempt {}", claimed.attempt))
                    }
                    Some(fault) => Event::new("mail.given_up", &written)?
                        .because(fault.sentence_of(claimed.mail.channel))
                        .raising(
                            Severity::Warning,
                            format!("{} could not be delivered", claimed.mail.kind.title()),
                        ),
                };
                Ok(tx.record(event, ()))
            })
            .await
    }
}

/// The pause after the attempt with this number.
fn pause(attempt: i64) -> Span {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let seconds = FIRST_PAUSE.as_seconds().saturating_mul(1 << doublings);
    Span::seconds(seconds.min(LONGEST_PAUSE.as_seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_grow_rarer_up_to_every_six_hours() {
        let minutes: Vec<_> = (1..=11).map(|attempt| pause(attempt).as_seconds() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
