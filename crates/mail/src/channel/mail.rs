//! To an address of mail, whole, through whatever transport there is.

use std::{fmt, sync::Arc};

use bailiwick_domain::entity::{MailChannel, MailFault};

use super::{Channel, Dispatch};
use crate::{Message, MessageId, Sender, Sending, Transport};

/// Letters as messages from one sender.
#[derive(Clone)]
pub struct ByMail {
    transport: Arc<dyn Transport>,
    from: Sender,
}

impl ByMail {
    /// Messages that come from `from` and leave through `transport`.
    pub fn new(transport: Arc<dyn Transport>, from: Sender) -> Self {
        Self { transport, from }
    }
}

impl Channel for ByMail {
    fn kind(&self) -> MailChannel {
        MailChannel::Mail
    }

    fn is_ready(&self) -> bool {
        self.transport.is_ready()
    }

    fn deliver<'a>(&'a self, dispatch: Dispatch<'a>) -> Sending<'a> {
        Box::pin(async move {
            let message = Message {
                id: MessageId::of(dispatch.id, &self.from),
                from: self.from.clone(),
                to: dispatch.to.parse().map_err(|_| MailFault::Unwritable)?,
                at: dispatch.written_at,
                content: dispatch.letter.render(dispatch.base).map_err(|_| MailFault::Unwritable)?,
            };
            self.transport.send(&message).await
        })
    }
}

impl fmt::Debug for ByMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByMail").field("from", &self.from).finish_non_exhaustive()
    }
}
