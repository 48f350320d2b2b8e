//! Letters: written in the transaction of the change that they tell of, and handed on afterwards by the mail room.

mod limits;
mod room;

use bailiwick_domain::{
    entity::{Mail, MailFault, MailState},
    time::{Span, Timestamp},
};
use bailiwick_mail::Letter;
use bailiwick_store::{Event, Scope, Store, Tx, mail};
use uuid::Uuid;

pub use limits::{PER_RECIPIENT, PER_TENANT};
pub(crate) use limits::{within_limits, within_organisation};
pub use room::{Mailroom, RoundError};

use crate::Result;

/// For how long a letter is tried at most (RFC 5321 §4.5.4.1 asks for four to five days).
pub const TRIED_FOR: Span = Span::days(5);

/// Writes a letter in the running change. It leaves once the change is on disk, and not at all if it is undone.
///
/// `until` is when the letter has lost its point.
pub(crate) async fn write(
    store: &Store,
    tx: &mut Tx,
    letter: &Letter,
    about: Uuid,
    to: &str,
    until: Timestamp,
) -> Result<()> {
    let now = tx.now();
    let mail = Mail {
        id: store.new_id(),
        kind: letter.kind(),
        about,
        to: to.to_owned(),
        state: MailState::Waiting,
        fault: None,
        created_at: now,
        settled_at: None,
    };
    let content = letter.to_bytes().map_err(bailiwick_store::Error::vault)?;
    let written = mail::insert(tx, mail, &content, until.min(now + TRIED_FOR)).await?;
    let event = Event::new("mail.written", &written)?.following();
    tx.also(event);
    Ok(())
}

/// Takes back what was written about an entity and has not left yet.
pub(crate) async fn withdraw(tx: &mut Tx, about: Uuid) -> Result<()> {
    for id in mail::waiting_about(tx, about).await? {
        let before = mail::lock(tx, id).await?;
        if before.state != MailState::Waiting {
            continue;
        }
        let after = Mail {
            state: MailState::GivenUp,
            fault: Some(MailFault::Withdrawn),
            settled_at: Some(tx.now()),
            ..before.clone()
        };
        let written = mail::settle(tx, before, after).await?;
        let event = Event::new("mail.withdrawn", &written)?.following();
        tx.also(event);
    }
    Ok(())
}
