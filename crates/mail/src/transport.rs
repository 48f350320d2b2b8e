//! The ways letters leave.

mod mailbox;
mod nowhere;
mod smtp;

use std::{future::Future, pin::Pin};

use bailiwick_domain::entity::MailFault;

pub use mailbox::{Kept, Mailbox};
pub use nowhere::Nowhere;
pub use smtp::{BadSmtp, Smtp, SmtpSettings, SmtpTls};

use crate::Message;

/// A message on its way. It answers once the other side has taken it, or says by class why not.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailFault>> + Send + 'a>>;

/// A way letters leave.
pub trait Transport: Send + Sync {
    /// Whether there is anybody to hand letters to. Without, they wait.
    fn is_ready(&self) -> bool {
        true
    }

    /// Hands a message on.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;
}
