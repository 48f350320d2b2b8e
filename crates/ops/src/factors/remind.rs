//! Asking somebody by letter to set up a second factor.

use bailiwick_domain::{
    entity::{MailKind, UserStatus},
    ids::UserId,
    mfa::Held,
    rule::RemindFactors,
};
use bailiwick_mail::News;
use bailiwick_store::{Event, Permit, Scope, Store, accounts, mail as letters, tenants, users};

use crate::{
    Error, Result,
    mail::{self, Recipient, WINDOW, within_limits},
    notices::{by, notice},
};

/// Writes a letter to somebody who has no second factor yet. It changes nothing but that: whether they must have one is the
/// policy's to say. The letter is the record.
///
/// # Errors
/// `Conflict` for a disabled account, for whoever has a second factor, and for whoever was reminded within a day; `Limited` where
/// the organisation or the recipient had letters enough.
pub async fn remind(store: &Store, permit: &Permit<RemindFactors>, id: UserId) -> Result<()> {
    store
        .change(permit, async |tx| {
            // The policy first, as in every change that counts letters.
            tenants::lock_policy(tx).await?;
            let user = users::lock(tx, id).await?;
            if user.status != UserStatus::Active {
                return Err(Error::Conflict("The account is disabled."));
            }
            if Held::of(&accounts::factors(tx, id).await?) != Held::Nothing {
                return Err(Error::Conflict("They have a second factor already."));
            }
            let since = tx.now() - WINDOW;
            if letters::written_of_kind(tx, MailKind::FactorReminder, &user.email, since).await? > 0 {
                return Err(Error::Conflict("They were reminded within the last day."));
            }
            within_limits(store, tx, &user.email).await?;
            let letter = notice(tx, &user, News::FactorWanted { by: by(permit) }).await?;
            let (to, until) = (Recipient::address(&user.email), tx.now() + mail::TRIED_FOR);
            let written = mail::insert(store, tx, &letter, id.uuid(), &to, until).await?;
            let event = Event::new("mfa.reminded", &written)?;
            Ok(tx.record(event, ()))
        })
        .await
}
