//! What is written to a person whose passkeys changed, so that somebody else's doing is noticed.

use bailiwick_domain::entity::{Passkey, User};
use bailiwick_mail::{Letter, Line, LinkPath, PasskeyLetter};
use bailiwick_store::{Scope, Store, Tx, tenants};

use crate::{
    Result,
    mail::{self, TRIED_FOR},
};

/// Tells a person that a passkey was added to their account.
pub(super) async fn added(store: &Store, tx: &mut Tx, user: &User, passkey: &Passkey) -> Result<()> {
    let letter = Letter::PasskeyAdded(content(tx, passkey).await?);
    write(store, tx, user, passkey, &letter).await
}

/// Tells a person that a passkey was removed from their account.
pub(super) async fn removed(store: &Store, tx: &mut Tx, user: &User, passkey: &Passkey) -> Result<()> {
    let letter = Letter::PasskeyRemoved(content(tx, passkey).await?);
    write(store, tx, user, passkey, &letter).await
}

async fn content(tx: &mut Tx, passkey: &Passkey) -> Result<PasskeyLetter> {
    Ok(PasskeyLetter {
        organisation: Line::of(&tenants::find(tx).await?.name),
        passkey: Line::of(&passkey.name),
        at: tx.now(),
        path: LinkPath::parse("/account").map_err(bailiwick_store::Error::vault)?,
    })
}

async fn write(store: &Store, tx: &mut Tx, user: &User, passkey: &Passkey, letter: &Letter) -> Result<()> {
    let until = tx.now() + TRIED_FOR;
    mail::write(store, tx, letter, passkey.id.uuid(), &user.email, until).await
}
