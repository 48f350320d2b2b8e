//! Removing a number: codes go to the person's address again.

use bailiwick_domain::{
    entity::{MailKind, Severity},
    rule::ChangeMyProofs,
};
use bailiwick_store::{Event, Permit, Store, phones, users};

use super::{letter, me};
use crate::{Error, Result, mail::withdraw_of};

/// Removes one's own number, and one that waits. The person is told by a letter, and the number by a message.
///
/// # Errors
/// `NotFound` where there is none.
pub async fn remove(store: &Store, permit: &Permit<ChangeMyProofs>) -> Result<()> {
    let me = me(permit)?;
    store
        .change(permit, async |tx| {
            let user = users::lock(tx, me).await?;
            let dropped = match phones::check_of(tx, me).await? {
                Some(check) => {
                    withdraw_of(tx, me.uuid(), Some(MailKind::PhoneCode)).await?;
                    let written = phones::remove_check(tx, check).await?;
                    Some(Event::new("phone_check.dropped", &written)?)
                }
                None => None,
            };
            let Some(before) = phones::of_user(tx, me).await? else {
                let event = dropped.ok_or(Error::NotFound)?;
                return Ok(tx.record(event, ()));
            };
            if let Some(event) = dropped {
                tx.also(event);
            }
            letter::changed(store, tx, &user, Some(&before), None).await?;
            let written = phones::remove(tx, before).await?;
            let text =
                format!("User with the role {} has one-time codes sent by mail again", user.role.title());
            let event = Event::new("phone.removed", &written)?.raising(Severity::Info, text);
            Ok(tx.record(event, ()))
        })
        .await
}
