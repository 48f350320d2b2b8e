//! No mail is set up: letters wait.

use bailiwick_domain::entity::MailFault;

use super::{Sending, Transport};
use crate::Message;

/// Nobody to hand letters to.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

impl Transport for Nowhere {
    fn is_ready(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, _: &'a Message) -> Sending<'a> {
        Box::pin(async { Err(MailFault::Unreachable) })
    }
}
