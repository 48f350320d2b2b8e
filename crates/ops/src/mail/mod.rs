//! Letters: written in the transaction of the change that they tell of, and handed on afterwards by the mail room.

mod limits;
mod room;

use bailiwick_domain::{
    entity::{Mail, MailChannel, MailFault, MailKind, MailState, User, phone::masked},
    ids::MailId,
    time::{Span, Timestamp},
};
use bailiwick_mail::Letter;
use bailiwick_store::{Event, Scope, Store, Tx, Written, mail, phones};
use uuid::Uuid;

pub use limits::NEWS_OF_A_KIND;
pub(crate) use limits::{
    WINDOW, leaves_room_for_news, one_at_a_time, refused_unless, within_limits, within_number,
    within_organisation, within_resets,
};
pub use room::{Mailroom, RoundError};

use crate::Result;

/// For how long a letter is tried at most (RFC 5321 §4.5.4.1 asks for four to five days).
pub const TRIED_FOR: Span = Span::days(5);

/// Where a letter goes, and how.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Recipient {
    pub(crate) channel: MailChannel,
    /// An address or a phone number.
    pub(crate) to: String,
}

impl Recipient {
    /// An address of mail.
    pub(crate) fn address(address: &str) -> Self {
        Self { channel: MailChannel::Mail, to: address.to_owned() }
    }

    /// A phone number.
    pub(crate) fn number(number: &str) -> Self {
        Self { channel: MailChannel::Webhook, to: number.to_owned() }
    }

    /// Where a person gets their one-time codes: at the phone number they have proven, where the server sends messages, and
    /// otherwise at their address.
    pub(crate) async fn of_codes(store: &Store, scope: &mut impl Scope, user: &User) -> Result<Self> {
        if store.outbox().codes == MailChannel::Webhook
            && let Some(phone) = phones::of_user(scope, user.id).await?
        {
            return Ok(Self::number(&phone.number));
        }
        Ok(Self::address(&user.email))
    }

    /// As much of it as its owner needs to recognise it: `i•••@example.com`, `•••0156`.
    pub(crate) fn masked(&self) -> String {
        match self.channel {
            MailChannel::Mail => {
                let (local, domain) = self.to.split_once('@').unwrap_or((&self.to, ""));
                format!("{}•••@{domain}", local.chars().next().map(String::from).unwrap_or_default())
            }
            MailChannel::Webhook => masked(&self.to),
        }
    }
}

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
    write_to(store, tx, letter, about, &Recipient::address(to), until).await
}

/// As [`write`], to an address or to a phone. News beyond [`NEWS_OF_A_KIND`] is not written; the change that it is about, and its record,
/// stand.
pub(crate) async fn write_to(
    store: &Store,
    tx: &mut Tx,
    letter: &Letter,
    about: Uuid,
    recipient: &Recipient,
    until: Timestamp,
) -> Result<()> {
    let kind = letter.kind();
    if kind.is_news() && !leaves_room_for_news(tx, kind, &recipient.to).await? {
        return Ok(());
    }
    let written = insert(store, tx, letter, about, recipient, until).await?;
    let event = Event::new("mail.written", &written)?.following();
    tx.also(event);
    Ok(())
}

/// As [`write_to`], without a record: for a change that is the letter itself, and records it under a name of its own.
pub(crate) async fn insert(
    store: &Store,
    tx: &mut Tx,
    letter: &Letter,
    about: Uuid,
    recipient: &Recipient,
    until: Timestamp,
) -> Result<Written<Mail>> {
    let now = tx.now();
    let mail = Mail {
        id: store.new_id(),
        kind: letter.kind(),
        about,
        to: recipient.to.clone(),
        channel: recipient.channel,
        state: MailState::Waiting,
        fault: None,
        created_at: now,
        settled_at: None,
    };
    let content = letter.to_bytes().map_err(bailiwick_store::Error::vault)?;
    Ok(mail::insert(tx, mail, &content, until.min(now + TRIED_FOR)).await?)
}

/// Takes back what was written about an entity and has not left yet.
pub(crate) async fn withdraw(tx: &mut Tx, about: Uuid) -> Result<()> {
    withdraw_of(tx, about, None).await
}

/// As [`withdraw`], letters of one kind alone.
pub(crate) async fn withdraw_of(tx: &mut Tx, about: Uuid, kind: Option<MailKind>) -> Result<()> {
    let waiting = mail::waiting_about(tx, about).await?;
    give_up(tx, waiting, kind).await
}

/// Takes back what was written to a person, at their address or on a phone of theirs, and has not left yet.
pub(crate) async fn withdraw_from(tx: &mut Tx, user: &User) -> Result<()> {
    let mut waiting = mail::waiting_to(tx, &user.email).await?;
    waiting.extend(mail::waiting_messages_of(tx, user.id).await?);
    give_up(tx, waiting, None).await
}

/// Takes back what was written to an address of somebody without an account, and has not left yet.
pub(crate) async fn withdraw_to(tx: &mut Tx, address: &str) -> Result<()> {
    let waiting = mail::waiting_to(tx, address).await?;
    give_up(tx, waiting, None).await
}

async fn give_up(tx: &mut Tx, letters: Vec<MailId>, kind: Option<MailKind>) -> Result<()> {
    for id in letters {
        let before = mail::lock(tx, id).await?;
        if before.state != MailState::Waiting || kind.is_some_and(|kind| kind != before.kind) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_recognises_their_address_and_nobody_else_learns_it() {
        for (address, shown) in [
            ("imran.owner@example.com", "i•••@example.com"),
            ("x@example.com", "x•••@example.com"),
            ("", "•••@"),
        ] {
            assert_eq!(Recipient::address(address).masked(), shown);
        }
        assert_eq!(Recipient::number("+61491570156").masked(), "•••0156");
    }
}
