//! A letter in its envelope.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bailiwick_domain::{ids::MailId, time::Timestamp};
use lettre::message::{
    Mailbox as Named, MultiPart,
    header::{Header, HeaderName, HeaderValue},
};

use crate::{Address, Content, Sender, letter::Unrenderable};

/// What tells a message from every other (RFC 5322 §3.6.4). It follows from the letter's id alone, so that a letter that
/// was sent twice arrives under one id and the second copy can be dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageId(String);

impl MessageId {
    /// The id of a letter that `sender` sends.
    pub fn of(letter: MailId, sender: &Sender) -> Self {
        Self(format!("<{letter}@{}>", sender.address.domain()))
    }

    /// With its angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A letter in its envelope.
#[derive(Clone, Debug)]
pub struct Message {
    /// The same at every attempt.
    pub id: MessageId,
    /// Who it comes from.
    pub from: Sender,
    /// The one recipient.
    pub to: Address,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub content: Content,
}

impl Message {
    /// The message as a server takes it.
    pub(crate) fn to_lettre(&self) -> Result<lettre::Message, Unrenderable> {
        let from =
            Named::new(self.from.name.as_ref().map(ToString::to_string), self.from.address.inner().clone());
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(self.at.unix_seconds());
        lettre::Message::builder()
            .message_id(Some(self.id.0.clone()))
            .from(from)
            .to(Named::new(None, self.to.inner().clone()))
            .subject(self.content.subject.as_str())
            .date(at)
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                self.content.text.to_string(),
                self.content.html.to_string(),
            ))
            .map_err(|_| Unrenderable)
    }
}

/// Says that no person sent it, so that no absence notice comes back (RFC 3834).
#[derive(Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::{InvitationLetter, Letter, Line, LinkBase, LinkPath};

    fn sent(organisation: &str, sender: &str) -> String {
        let letter = Letter::Invitation(InvitationLetter {
            organisation: Line::of(organisation),
            role: Line::parse("Auditor").unwrap(),
            inviter: None,
            path: LinkPath::parse("/join/x").unwrap(),
            expires_at: Timestamp::from_micros(1_767_323_045_000_000),
        });
        let from: Sender = sender.parse().unwrap();
        let message = Message {
            id: MessageId::of(MailId::from_bytes([7; 16]), &from),
            from,
            to: "new@acme.example".parse().unwrap(),
            at: Timestamp::from_micros(1_767_323_045_000_000),
            content: letter.render(&LinkBase::parse("https://b.example").unwrap()).unwrap(),
        };
        String::from_utf8(message.to_lettre().unwrap().formatted()).unwrap()
    }

    /// The names of the headers before the first empty line.
    fn headers(message: &str) -> Vec<String> {
        let head = message.split("\r\n\r\n").next().unwrap();
        let starts = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        starts.map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_message_has_exactly_our_headers() {
        let message = sent("Example Care", "Bailiwick <no-reply@b.example>");
        let mut names = headers(&message);
        names.sort();
        let expected =
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"];
        assert_eq!(names, expected, "{message}");
        assert!(
            message.contains("Message-ID: <07070707-0707-0707-0707-070707070707@b.example>"),
            "{message}"
        );
        assert!(message.contains("Date: Fri, 02 Jan 2026 03:04:05 +0000"), "{message}");
    }

    proptest! {
        #[test]
        fn no_name_adds_a_header(organisation in "\\PC{1,80}") {
            let plain = headers(&sent("x", "Bailiwick <no-reply@b.example>"));
            prop_assert_eq!(headers(&sent(&organisation, "Bailiwick <no-reply@b.example>")), plain);
        }
    }
}
