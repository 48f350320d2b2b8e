//! Letters to people, without what they say.

pub(super) mod list;
pub(super) mod show;

use bailiwick_domain::{
    entity::{MailChannel, MailFault, MailKind, MailState},
    ids::MailId,
    time::Timestamp,
};
use bailiwick_store::mail::Listed;
use serde::Serialize;
use uuid::Uuid;

/// A letter as the API shows it.
#[derive(Serialize)]
pub(super) struct MailBody {
    id: MailId,
    kind: MailKind,
    about: Uuid,
    /// An address, or the end of a phone number; nothing once the person was deleted.
    to: Option<String>,
    channel: MailChannel,
    state: MailState,
    attempts: i64,
    fault: Option<MailFault>,
    created_at: Timestamp,
    next_attempt_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
}

impl From<Listed> for MailBody {
    fn from(letter: Listed) -> Self {
        let waits = letter.mail.state == MailState::Waiting;
        Self {
            id: letter.mail.id,
            kind: letter.mail.kind,
            about: letter.mail.about,
            to: (!letter.mail.to.is_empty()).then(|| letter.mail.shown_to()),
            channel: letter.mail.channel,
            state: letter.mail.state,
            attempts: letter.attempts,
            fault: letter.fault,
            created_at: letter.mail.created_at,
            next_attempt_at: waits.then_some(letter.next_attempt_at),
            settled_at: letter.mail.settled_at,
        }
    }
}
