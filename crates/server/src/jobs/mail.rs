//! The two jobs of the mail room, and the end of invitations.

use std::time::Duration;

use bailiwick_ops::{
    invitations::{Expiries, Reminders},
    mail::{Mailroom, RoundError},
};

use super::supervise::Job;

/// How often the mail room looks for letters.
pub(crate) const DELIVER_EVERY: Duration = Duration::from_secs(1);
/// How often invitations that lapse soon are looked for.
pub(crate) const REMIND_EVERY: Duration = Duration::from_secs(300);

/// How often invitations that were not answered in time are looked for.
pub(crate) const EXPIRE_EVERY: Duration = Duration::from_secs(10);

/// Hands letters on.
pub(crate) struct Deliver(pub(crate) Mailroom);

impl Job for Deliver {
    const NAME: &'static str = "mail";
    type Error = RoundError;

    async fn round(&mut self) -> Result<usize, RoundError> {
        self.0.round().await
    }
}

/// Reminds of invitations.
pub(crate) struct Remind(pub(crate) Reminders);

impl Job for Remind {
    const NAME: &'static str = "reminders";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}

/// Records that invitations have expired.
pub(crate) struct Expire(pub(crate) Expiries);

impl Job for Expire {
    const NAME: &'static str = "expiries";
    type Error = bailiwick_ops::Error;

    async fn round(&mut self) -> Result<usize, bailiwick_ops::Error> {
        self.0.round().await
    }
}
