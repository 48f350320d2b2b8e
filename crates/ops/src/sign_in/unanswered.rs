//! Right passwords that no second factor follows. One is a change of mind; many are somebody else who has the password.

use bailiwick_domain::{
    entity::{AttemptOutcome, Severity, User},
    time::Span,
};
use bailiwick_store::{Event, Scope, Store, Tx, attempts};

use super::{attempts::PASSWORD, locks};
use crate::{Result, notices};

/// From so many on within [`WINDOW`] it is said.
const MANY: i64 = 10;
/// How far back they count, and how long nothing more is said of them.
const WINDOW: Span = Span::hours(1);

/// Says in the log, on the list of events and to the locked user that somebody may have their password, where this one was one of
/// many. The session that waits for the second factor is there by now.
pub(super) async fn note(store: &Store, tx: &mut Tx, user: &User) -> Result<()> {
    let since = tx.now() - WINDOW;
    if attempts::unanswered_since(tx, user.id, since).await? < MANY
        || attempts::any_since(tx, user.id, PASSWORD, AttemptOutcome::Unanswered, since).await?
    {
        return Ok(());
    }
    notices::password_known(store, tx, user).await?;
    let text = format!(
        "Somebody may have the password of a {} account: it was right many times, and no second factor followed",
        user.role.title()
    );
    let written = locks::insert(store, tx, user.id, PASSWORD, AttemptOutcome::Unanswered).await?;
    let event = Event::new("sign_in.unanswered", &written)?.raising(Severity::High, text);
    tx.also(event);
    Ok(())
}
