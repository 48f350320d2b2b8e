//! Ending other people's sessions.

use bailiwick_domain::{
    entity::{Severity, User},
    ids::{SessionId, UserId},
    rule::RevokeSession,
};
use bailiwick_mail::News;
use bailiwick_store::{Event, Permit, Store, Tx, devices, sessions, users};

use super::end_but;
use crate::{
    Error, Result,
    notices::{by, tell},
    users::{nobody_above, permissions_of, refuse_self},
};

const ACTION: &str = "session.ended_by_admin";

/// Ends a session of somebody who may do no more than the actor. Its browser is a known device of theirs no more.
///
/// # Errors
/// `NotFound` for no session of this tenant; `Conflict` for one that has ended already, and for one's own.
pub async fn end(store: &Store, permit: &Permit<RevokeSession>, id: SessionId) -> Result<UserId> {
    store
        .change(permit, async |tx| {
            // The user before the session, the order of a sign-in.
            let whose = sessions::find(tx, id).await?.user;
            let user = lock(store, tx, permit, whose).await?;
            let session = sessions::lock(tx, id).await?;
            if session.ended_at.is_some() {
                return Err(Error::Conflict("The session has ended already."));
            }
            let written = sessions::end(tx, session).await?;
            devices::forget(tx, whose, id).await?;
            tell(store, tx, &user, News::SessionsEnded { by: by(permit), count: 1 }).await?;
            let event = Event::new(ACTION, &written)?
                .raising(Severity::Info, format!("{} session ended by an administrator", user.role.title()));
            Ok(tx.record(event, whose))
        })
        .await
}

/// Ends every session of somebody who may do no more than the actor, and says how many that were. No browser stays known.
///
/// # Errors
/// `Conflict` where there is none, and for oneself.
pub async fn end_all(store: &Store, permit: &Permit<RevokeSession>, id: UserId) -> Result<usize> {
    store
        .change(permit, async |tx| {
            let user = lock(store, tx, permit, id).await?;
            let mut ended = end_but(tx, id, None, |written| Ok(Event::new(ACTION, written)?)).await?;
            let count = ended.len();
            let Some(last) = ended.pop() else {
                return Err(Error::Conflict("This person is signed in nowhere."));
            };
            for event in ended {
                tx.also(event);
            }
            devices::forget_all(tx, id, None).await?;
            let told = i64::try_from(count).unwrap_or(i64::MAX);
            tell(store, tx, &user, News::SessionsEnded { by: by(permit), count: told }).await?;
            // One event for all of them: it is one thing that happened.
            let detail = format!("{}: every session ended by an administrator", user.role.title());
            let last = last.raising(Severity::Info, detail);
            Ok(tx.record(last, count))
        })
        .await
}

async fn lock(store: &Store, tx: &mut Tx, permit: &Permit<RevokeSession>, id: UserId) -> Result<User> {
    let user = users::lock(tx, id).await?;
    refuse_self(permit, id, "End your own sessions under your account.")?;
    nobody_above(permissions_of(store, tx, &user).await?, *permit.permissions())?;
    Ok(user)
}
