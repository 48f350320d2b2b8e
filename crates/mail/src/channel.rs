//! The ways a letter takes to a person: to an address of mail, or as a short text to a phone.

mod mail;
mod webhook;

use bailiwick_domain::{entity::MailChannel, ids::MailId, time::Timestamp};

pub use mail::ByMail;
pub use webhook::{Answered, BadWebhook, Post, Webhook, WebhookSecret, WebhookSettings, WebhookUrl};

use crate::{Letter, LinkBase, Sending};

/// A letter on its way to one person.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch<'a> {
    /// The letter's id, the same at every attempt: by it a second copy can be dropped.
    pub id: MailId,
    /// An address or a phone number, as the channel's recipients are.
    pub to: &'a str,
    /// When it was written.
    pub written_at: Timestamp,
    /// The time of this attempt.
    pub now: Timestamp,
    /// What it says, in data.
    pub letter: &'a Letter,
    /// What its links begin with.
    pub base: &'a LinkBase,
}

/// A way to people. One letter takes one way, which is written beside it in the outbox.
pub trait Channel: Send + Sync {
    /// Which of the ways it is.
    fn kind(&self) -> MailChannel;

    /// Whether there is anybody to hand letters to. Without, they wait.
    fn is_ready(&self) -> bool {
        true
    }

    /// Hands a letter on: done once the other side has taken it, or a class of what went wrong.
    fn deliver<'a>(&'a self, dispatch: Dispatch<'a>) -> Sending<'a>;
}
