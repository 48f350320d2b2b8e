//! Phone numbers to which people have their one-time codes sent, where the server sends messages.
//!
//! A text message is a restricted authenticator (NIST SP 800-63B-4, 3.1.3.3): numbers are taken over and messages are read on
//! the way. So a number counts only once two codes have come back, one from the number and one from the person's mailbox,
//! which stays what everything else rests on: whoever holds a session alone leads no code to another phone. Whoever wants
//! none removes the number and gets codes by mail.

mod begin;
mod letter;
mod remove;
mod verify;

use bailiwick_domain::{entity::MailChannel, ids::UserId, rule::Rule};
use bailiwick_store::{Actor, Event, Permit, Scope, Store, Tx, phones};

pub use begin::{Begun, PER_DAY, begin};
pub use remove::remove;
pub use verify::{Codes, WRONG, verify};

use crate::{Error, Result};

const ERASED: &str = "the user was deleted";

/// Whether the server sends messages to phones at all.
pub fn offered(store: &Store) -> bool {
    store.outbox().codes == MailChannel::Webhook
}

/// Removes what of a locked person is kept about phones, as a part of erasing them: nobody is told.
///
/// # Errors
/// Those of the store.
pub async fn erase(tx: &mut Tx, user: UserId) -> Result<()> {
    if let Some(check) = phones::check_of(tx, user).await? {
        let written = phones::remove_check(tx, check).await?;
        let event = Event::new("phone_check.dropped", &written)?.because(ERASED);
        tx.also(event.following());
    }
    if let Some(phone) = phones::of_user(tx, user).await? {
        let written = phones::remove(tx, phone).await?;
        let event = Event::new("phone.removed", &written)?.because(ERASED);
        tx.also(event.following());
    }
    Ok(())
}

/// The number of whoever asks, and the one that waits for its codes.
///
/// # Errors
/// `Forbidden` for a key, which has no account.
pub async fn mine<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Mine> {
    let user = me(permit)?;
    let mut view = store.read(permit).await?;
    let now = view.now();
    Ok(Mine {
        verified: phones::of_user(&mut view, user).await?,
        waiting: phones::check_of(&mut view, user).await?.filter(|check| check.is_open(now)),
    })
}

/// What a person has of phones.
#[derive(Clone, Debug)]
pub struct Mine {
    /// The number that codes go to.
    pub verified: Option<bailiwick_domain::entity::Phone>,
    /// The number that waits for its codes.
    pub waiting: Option<bailiwick_domain::entity::PhoneCheck>,
}

/// Who asks.
fn me<R: Rule>(permit: &Permit<R>) -> Result<UserId> {
    match permit.actor() {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Error::Forbidden("Only a signed-in person has a phone number here.")),
    }
}
