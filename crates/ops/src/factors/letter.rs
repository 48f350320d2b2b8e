//! What a person is told of their factors. These letters have no limit: each belongs to a change that has one.

use bailiwick_domain::entity::{Factor, RecoveryCodes, User};
use bailiwick_mail::{FactorLetter, Letter, Line, RecoveryLetter};
use bailiwick_store::{Scope, Store, Tx, tenants};

use crate::{Result, mail};

/// Says that a factor was added or removed.
pub(crate) async fn written(
    store: &Store,
    tx: &mut Tx,
    owner: &User,
    factor: &Factor,
    added: bool,
) -> Result<()> {
    let content = FactorLetter {
        name: Line::of(&owner.name),
        organisation: Line::of(&tenants::find(tx).await?.name),
        factor: Line::of(&factor.name),
        at: tx.now(),
    };
    let letter = if added { Letter::FactorAdded(content) } else { Letter::FactorRemoved(content) };
    send(store, tx, &letter, owner).await
}

/// Says that a recovery code was used, and how many are left.
pub(crate) async fn used(store: &Store, tx: &mut Tx, owner: &User, codes: &RecoveryCodes) -> Result<()> {
    let letter = Letter::RecoveryCodeUsed(RecoveryLetter {
        name: Line::of(&owner.name),
        organisation: Line::of(&tenants::find(tx).await?.name),
        unused: codes.unused,
        at: tx.now(),
    });
    send(store, tx, &letter, owner).await
}

async fn send(store: &Store, tx: &mut Tx, letter: &Letter, owner: &User) -> Result<()> {
    let until = tx.now() + mail::TRIED_FOR;
    mail::write(store, tx, letter, owner.id.uuid(), &owner.email, until).await
}
