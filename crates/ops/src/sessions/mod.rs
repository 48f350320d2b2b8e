//! Ending sessions: one's own, and other people's. A session that has ended is refused from the next request on.

mod mine;
mod theirs;

use bailiwick_domain::ids::{SessionId, UserId};
use bailiwick_store::{Event, Tx, Written, sessions};

use crate::Result;

pub use mine::{end_mine, end_my_others};
pub use theirs::{end, end_all};

/// Ends the live sessions of a locked user but `kept`, and gives what is to be recorded of each.
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
        // They are listed a hundred at a time.
        if events.len() == before {
            return Ok(events);
        }
    }
}
