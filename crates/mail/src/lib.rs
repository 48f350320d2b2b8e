//! Letters to people, and the ways they leave.
//!
//! A [`Letter`] is one of a closed list and says what it is about in data; [`Letter::render`] makes of it a text and an
//! HTML part. What goes into a header is a [`Line`], an [`Address`] or a [`MessageId`], none of which can hold a line
//! break, so no name that somebody chose can add a header or a recipient.
//!
//! A [`Transport`] hands a message on: [`Smtp`] to a server, [`Mailbox`] to memory for demonstrations and tests,
//! [`Nowhere`] to nobody, where no mail is set up. A [`Channel`] hands a letter on in the way that its recipient is reached:
//! [`ByMail`] as such a message, [`Webhook`] as a short text for a phone. What can go wrong is a
//! [`MailFault`](bailiwick_domain::entity::MailFault): a class without a word of what the other side said, because a
//! server's answer may repeat the letter.

mod address;
mod channel;
mod letter;
mod line;
mod link;
mod message;
mod phone;
mod transport;
pub mod wire;

pub use address::{Address, BadAddress, BadSender, Sender};
pub use channel::{
    Answered, BadWebhook, ByMail, Channel, Dispatch, Post, Webhook, WebhookSecret, WebhookSettings,
    WebhookUrl,
};
pub use letter::{
    AccountDeletedLetter, BadCode, Content, FactorLetter, FactorResetLetter, InvitationLetter, Letter, News,
    NoticeLetter, OneTimeCode, OwnerLinkLetter, PasskeyLetter, PasswordChangedLetter, PasswordResetLetter,
    PhoneChangedLetter, PhoneCodeLetter, RecoveryLetter, SHORT, ShortText, StepUpLetter, Unrenderable,
};
pub use line::{BadLine, Line};
pub use link::{BadLink, LinkBase, LinkPath};
pub use message::{Message, MessageId};
pub use phone::{BadPhone, Phone};
pub use transport::{BadSmtp, Kept, Mailbox, Nowhere, Sending, Smtp, SmtpSettings, SmtpTls, Transport};
