//! Proving a number with the two codes.

use bailiwick_domain::{
    entity::{MailKind, Phone, Severity},
    rule::ChangeMyProofs,
};
use bailiwick_store::{Event, Permit, Scope, Store, phones, users};
use bailiwick_vault::step_up::Code;

use super::{letter, me, offered};
use crate::{Error, Result, mail::withdraw_of};

/// What everybody reads whose codes do not prove the number, whatever is wrong with which of them.
pub const WRONG: &str = "These two codes do not work together. Check both, or have new ones sent.";

/// The two codes as they were typed.
#[derive(Clone)]
pub struct Codes {
    /// From the message to the number.
    pub message: String,
    /// From the letter to the person's address.
    pub letter: String,
}

/// Both are secrets.
impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Codes").finish_non_exhaustive()
    }
}

/// Uses both codes up: from now on one-time codes go to the number. The person is told by a letter, and the number before it
/// by a message.
///
/// # Errors
/// `Invalid` with [`WRONG`] for wrong, used, late or missing codes; five wrong answers end them.
pub async fn verify(store: &Store, permit: &Permit<ChangeMyProofs>, codes: Codes) -> Result<()> {
    let me = me(permit)?;
    if !offered(store) {
        return Err(Error::Conflict("This server sends no messages to phones."));
    }
    let (message, mailed) = (Code::parse(&codes.message), Code::parse(&codes.letter));
    let proven = store
        .change(permit, async |tx| {
            let user = users::lock(tx, me).await?;
            let Some(check) = phones::check_of(tx, me).await?.filter(|check| check.is_open(tx.now())) else {
                return Err(wrong());
            };
            if !phones::fits(tx, &check, message.as_ref(), mailed.as_ref()).await? {
                let spent = check.tries_left <= 1;
                let written = phones::miss(tx, check).await?;
                let event = Event::new("phone_check.refused", &written)?.refused();
                let event = if spent {
                    event.raising(Severity::High, "Every code given for a phone number was wrong")
                } else {
                    event
                };
                return Ok(tx.record(event, false));
            }
            let before = phones::of_user(tx, me).await?;
            let after = Phone { user: me, number: check.number.clone(), verified_at: tx.now() };
            withdraw_of(tx, me.uuid(), Some(MailKind::PhoneCode)).await?;
            let used = phones::remove_check(tx, check).await?;
            let used = Event::new("phone_check.approved", &used)?;
            tx.also(used);
            letter::changed(store, tx, &user, before.as_ref(), Some(&after)).await?;
            let written = phones::put(tx, before, after).await?;
            let text = format!("User with the role {} has one-time codes sent to a phone", user.role.title());
            let event = Event::new("phone.verified", &written)?.raising(Severity::Info, text);
            Ok(tx.record(event, true))
        })
        .await?;
    if proven { Ok(()) } else { Err(wrong()) }
}

fn wrong() -> Error {
    Error::field("message_code", WRONG)
}
