//! A mailbox in memory, for demonstrations and tests.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use askama::Template;
use bailiwick_domain::entity::{MailChannel, MailFault};
use zeroize::Zeroizing;

use super::{Sending, Transport};
use crate::{Channel, Content, Dispatch, Line, Message, MessageId, Phone, ShortText};

/// Messages kept at most; the oldest leaves first.
const LIMIT: usize = 200;

/// A message that arrived.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its place in the order of arrival, from 1.
    pub number: u64,
    /// The message.
    pub message: Arc<Message>,
}

/// Who messages to phones come from, where nobody sends them on.
const GATEWAY: &str = "Message gateway <messages@demo.invalid>";

#[derive(Template)]
#[template(path = "message.html")]
struct MessageHtml<'a> {
    text: &'a str,
}

/// Keeps what is sent in memory, where anybody who may read it finds it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    arrived: u64,
    kept: VecDeque<Kept>,
}

impl Mailbox {
    /// What was sent, the newest first.
    pub fn messages(&self) -> Vec<Kept> {
        self.lock().kept.iter().rev().cloned().collect()
    }

    /// The message with this number, if it is still kept.
    pub fn message(&self, number: u64) -> Option<Kept> {
        self.lock().kept.iter().find(|kept| kept.number == number).cloned()
    }

    fn take(&self, message: Message) {
        let mut inner = self.lock();
        inner.arrived += 1;
        let number = inner.arrived;
        inner.kept.push_back(Kept { number, message: Arc::new(message) });
        if inner.kept.len() > LIMIT {
            inner.kept.pop_front();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Between any two of its calls the list is whole, so a panic elsewhere leaves it so.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Mailbox {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            self.take(message.clone());
            Ok(())
        })
    }
}

/// Messages to phones are kept beside the letters, as what would have arrived at `<number>@phone.invalid`.
impl Channel for Mailbox {
    fn kind(&self) -> MailChannel {
        MailChannel::Webhook
    }

    fn deliver<'a>(&'a self, dispatch: Dispatch<'a>) -> Sending<'a> {
        Box::pin(async move {
            self.take(message(&dispatch).ok_or(MailFault::Unwritable)?);
            Ok(())
        })
    }
}

fn message(dispatch: &Dispatch<'_>) -> Option<Message> {
    let phone: Phone = dispatch.to.parse().ok()?;
    let text: ShortText = dispatch.letter.short(dispatch.base).ok()?;
    let from = GATEWAY.parse().ok()?;
    Some(Message {
        id: MessageId::of(dispatch.id, &from),
        from,
        to: format!("{phone}@phone.invalid").parse().ok()?,
        at: dispatch.written_at,
        content: Content {
            subject: Line::of("Text message"),
            html: Zeroizing::new(MessageHtml { text: text.expose() }.render().ok()?),
            text: Zeroizing::new(text.expose().to_owned()),
            link: Zeroizing::default(),
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bailiwick_domain::{ids::MailId, time::Timestamp};

    use super::*;
    use crate::{Letter, LinkBase, OneTimeCode, PhoneCodeLetter};

    #[tokio::test]
    async fn demonstration_shows_what_a_phone_would_have_got() {
        let (mailbox, base) = (Mailbox::default(), LinkBase::parse("https://b.example").unwrap());
        let letter = Letter::PhoneCode(PhoneCodeLetter {
            organisation: Line::of("Example <b>Care</b>"),
            number: Line::of("•••0156"),
            code: OneTimeCode::parse("12345678").unwrap(),
            expires_at: Timestamp::from_micros(0),
        });
        let to = |to| Dispatch {
            id: MailId::from_bytes([7; 16]),
            to,
            written_at: Timestamp::from_micros(0),
            now: Timestamp::from_micros(0),
            letter: &letter,
            base: &base,
        };
        assert_eq!(mailbox.deliver(to("+61491570156")).await, Ok(()));
        assert_eq!(mailbox.deliver(to("no number")).await, Err(MailFault::Unwritable));
        let kept = mailbox.messages().remove(0).message;
        assert_eq!(kept.to.as_str(), "+61491570156@phone.invalid");
        assert!(kept.content.text.contains("1234 5678") && !kept.content.html.contains("<b>Care"));
    }
}
