//! Ending one's own sessions.

use bailiwick_domain::{
    ids::{SessionId, UserId},
    rule::EndMySessions,
};
use bailiwick_store::{Actor, Event, Permit, Store, devices, sessions, users};

use super::end_but;
use crate::{Error, Result};

const WHY: &str = "ended by its own user";

/// Ends one of one's own sessions, the present one as well. Its browser is a known device no more.
///
/// # Errors
/// `NotFound` for a session of somebody else; `Conflict` for one that has ended already.
pub async fn end_mine(store: &Store, permit: &Permit<EndMySessions>, id: SessionId) -> Result<()> {
    let (me, _) = person(permit)?;
    store
        .change(permit, async |tx| {
            users::lock(tx, me).await?;
            let session = sessions::lock(tx, id).await?;
            if session.user != me {
                return Err(Error::NotFound);
            }
            if session.ended_at.is_some() {
                return Err(Error::Conflict("The session has ended already."));
            }
            let written = sessions::end(tx, session).await?;
            devices::forget(tx, me, id).await?;
            let event = Event::new("session.ended", &written)?.because(WHY);
            Ok(tx.record(event, ()))
        })
        .await
}

/// Ends every session of one's own but the present one, and says how many that were. Only the present browser stays known.
///
/// # Errors
/// `Conflict` where the present one is the only one.
pub async fn end_my_others(store: &Store, permit: &Permit<EndMySessions>) -> Result<usize> {
    let (me, present) = person(permit)?;
    store
        .change(permit, async |tx| {
            users::lock(tx, me).await?;
            let mut ended = end_but(tx, me, Some(present), |written| {
                Ok(Event::new("session.ended", written)?.because(WHY))
            })
            .await?;
            let count = ended.len();
            let Some(last) = ended.pop() else {
                return Err(Error::Conflict("You are signed in nowhere else."));
            };
            devices::forget_all(tx, me, Some(present)).await?;
            for event in ended {
                tx.also(event);
            }
            Ok(tx.record(last, count))
        })
        .await
}

fn person(permit: &Permit<EndMySessions>) -> Result<(UserId, SessionId)> {
    match *permit.actor() {
        Actor::User { id, session, .. } => Ok((id, session)),
        _ => Err(Error::Forbidden("Only a signed-in person has sessions.")),
    }
}
