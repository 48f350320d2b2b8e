//! Naming a number, which then waits for its two codes.

use bailiwick_domain::{
    entity::{MailKind, PhoneCheck, phone::masked},
    rule::ChangeMyProofs,
    time::Timestamp,
};
use bailiwick_mail::Phone;
use bailiwick_store::{
    Event, Permit, Scope, Store, mail as letters,
    phones::{self, LASTS, TRIES},
    users,
};
use bailiwick_vault::step_up::Code;

use super::{letter, me, offered};
use crate::{
    Error, Result,
    mail::{Recipient, WINDOW, refused_unless, withdraw_of, within_number, within_organisation},
};

/// Codes for a number that one person, and that one number, may cause within 24 hours.
pub const PER_DAY: i64 = 5;

/// Where the two codes went.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The end of the number.
    pub number: String,
    /// The person's address, masked.
    pub address: String,
    /// When the codes cease to work.
    pub expires_at: Timestamp,
}

/// Sends a code to the number and another one to the person's address. A number that waited before waits no more; the one
/// that is used now goes on until both codes have come back.
///
/// # Errors
/// `Invalid` for what is no number with its country; `Conflict` where the server sends no messages, or for the number that is
/// used already; `Limited` beyond [`PER_DAY`], and where the number got as many messages as any may.
pub async fn begin(store: &Store, permit: &Permit<ChangeMyProofs>, number: &str) -> Result<Begun> {
    let me = me(permit)?;
    if !offered(store) {
        return Err(Error::Conflict("This server sends no messages to phones."));
    }
    let number = Phone::typed(number)
        .map_err(|_| Error::field("number", "Enter the number with its country, such as +61 491 570 156."))?;
    store
        .change(permit, async |tx| {
            // The policy first, as in every change that counts letters; it makes the counts exact.
            within_organisation(store, tx).await?;
            let user = users::lock(tx, me).await?;
            if phones::of_user(tx, me).await?.is_some_and(|phone| phone.number == number.as_str()) {
                return Err(Error::Conflict("Codes go to this number already."));
            }
            let since = tx.now() - WINDOW;
            for to in [number.as_str(), &user.email] {
                let written = letters::written_of_kind(tx, MailKind::PhoneCode, to, since).await?;
                refused_unless(written < PER_DAY)?;
            }
            within_number(store, tx, &Recipient::number(number.as_str())).await?;
            if let Some(before) = phones::check_of(tx, me).await? {
                withdraw_of(tx, me.uuid(), Some(MailKind::PhoneCode)).await?;
                let written = phones::remove_check(tx, before).await?;
                let dropped = Event::new("phone_check.dropped", &written)?;
                tx.also(dropped);
            }
            let now = tx.now();
            let check = PhoneCheck {
                id: store.new_id(),
                user: me,
                number: number.to_string(),
                tries_left: TRIES,
                created_at: now,
                expires_at: now + LASTS,
            };
            let (message, mailed) = (Code::generate(store.entropy()), Code::generate(store.entropy()));
            let written = phones::insert_check(tx, check.clone(), &message, &mailed).await?;
            letter::code(store, tx, &check, &Recipient::number(number.as_str()), &message).await?;
            letter::code(store, tx, &check, &Recipient::address(&user.email), &mailed).await?;
            let event = Event::new("phone_check.asked", &written)?;
            let begun = Begun {
                number: masked(&check.number),
                address: Recipient::address(&user.email).masked(),
                expires_at: check.expires_at,
            };
            Ok(tx.record(event, begun))
        })
        .await
}
