//! Ending sessions: one's own, and other people's. A session that has ended is refused from the next request on.

mod mine;
mod theirs;

use bailiwick_domain::ids::{SessionId, UserId};
use bailiwick_store::{Event, Tx, Written, sessions};

use crate::Result;

pub use mine::{end_mine, end_my_others};
pub use theirs::{end, end_all};

/// What ended the sessions of somebody beside what they did with them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    FactorAdded,
    FactorRemoved,
    /// It was asked for at sign-in, so that also the session ends in which it was done.
    FactorSetUp,
    /// By somebody else: whoever lost the device may have lost the browser, too.
    FactorsReset,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordReset,
    PasswordSet,
}

impl Because {
    const fn text(self) -> &'static str {
        match self {
            Self::FactorAdded => "a second factor was added",
            Self::FactorRemoved => "a second factor was removed",
            Self::FactorSetUp => "a second factor was set up",
            Self::FactorsReset => "the second factors were removed",
            Self::PasskeyAdded => "a passkey was added",
            Self::PasskeyRemoved => "a passkey was removed",
            Self::PasswordChanged => "the password was changed",
            Self::PasswordReset => "the password was replaced by a link",
            Self::PasswordSet => "a password was set",
        }
    }
}

/// Ends the live sessions of a locked user but `kept`, and records why: nobody stays signed in by what was good before the
/// change (OWASP ASVS 5.0, 7.4.3).
pub(crate) async fn end_because(
    tx: &mut Tx,
    user: UserId,
    kept: Option<SessionId>,
    why: Because,
) -> Result<()> {
    let ended =
        end_but(tx, user, kept, |written| Ok(Event::new("session.ended", written)?.because(why.text())))
            .await?;
    for event in ended {
        // Which sessions there are is no part of what a code approves.
        tx.also(event.following());
    }
    Ok(())
}

/// Ends the live sessions of a locked user but `kept`, and gives what is to be recorded of each: of no more than three times
/// [`OF_PERSON`](sessions::OF_PERSON), since nobody has more.
pub(crate) async fn end_but(
    tx: &mut Tx,
    user: UserId,
    kept: Option<SessionId>,
    event: impl Fn(&Written<bailiwick_domain::entity::Session>) -> Result<Event>,
) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    loop {
        let before = events.len();
        for session in sessions::live_of(tx, user).await? {
            if Some(session.id) == kept {
                continue;
            }
            let session = sessions::lock(tx, session.id).await?;
            // Signed out in the meantime.
            if session.ended_at.is_some() {
                continue;
            }
            let written = sessions::end(tx, session).await?;
            events.push(event(&written)?);
        }
        // A list of them has an end.
        if events.len() == before {
            return Ok(events);
        }
    }
}
