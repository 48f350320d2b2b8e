//! What is written to a person about their phone number.

use bailiwick_domain::entity::{Phone, PhoneCheck, User, phone::masked};
use bailiwick_mail::{Letter, Line, OneTimeCode, PhoneChangedLetter, PhoneCodeLetter};
use bailiwick_store::{Error as StoreError, Scope, Store, Tx, tenants};
use bailiwick_vault::step_up::Code;

use super::offered;
use crate::{
    Result,
    mail::{Recipient, TRIED_FOR, write_to},
};

/// One of the two codes.
pub(super) async fn code(
    store: &Store,
    tx: &mut Tx,
    check: &PhoneCheck,
    to: &Recipient,
    code: &Code,
) -> Result<()> {
    let letter = Letter::PhoneCode(PhoneCodeLetter {
        organisation: organisation(tx).await?,
        number: Line::of(&masked(&check.number)),
        code: OneTimeCode::parse(code.expose()).map_err(StoreError::vault)?,
        expires_at: check.expires_at,
    });
    write_to(store, tx, &letter, check.user.uuid(), to, check.expires_at).await
}

/// Tells the person at their address, and the number that is used no more, where codes go from now on. No limit on letters
/// holds these back: whoever caused them has just proved to be the person, or has taken their place.
pub(super) async fn changed(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    before: Option<&Phone>,
    after: Option<&Phone>,
) -> Result<()> {
    let letter = Letter::PhoneChanged(PhoneChangedLetter {
        organisation: organisation(tx).await?,
        number: after.map(|phone| Line::of(&masked(&phone.number))),
        at: tx.now(),
    });
    let until = tx.now() + TRIED_FOR;
    write_to(store, tx, &letter, user.id.uuid(), &Recipient::address(&user.email), until).await?;
    match before {
        Some(before) if offered(store) => {
            write_to(store, tx, &letter, user.id.uuid(), &Recipient::number(&before.number), until).await
        }
        _ => Ok(()),
    }
}

async fn organisation(tx: &mut Tx) -> Result<Line> {
    Ok(Line::of(&tenants::find(tx).await?.name))
}
