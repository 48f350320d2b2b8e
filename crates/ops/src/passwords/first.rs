//! Setting a password beside the passkey with which somebody joined.

use bailiwick_domain::{
    entity::{Password as StoredHash, Severity},
    rule::ChangeMyProofs,
};
use bailiwick_mail::News;
use bailiwick_store::{Actor, Event, Permit, Scope, Store, accounts, users};
use bailiwick_vault::{password::PasswordHasher, token::SessionToken};

use super::{
    about,
    change::{NOBODY, present, renewed},
    choose, withdraw_links,
};
use crate::{
    Error, Result,
    notices::tell,
    sessions::{Because, end_because},
};

const THERE: Error = Error::Conflict("Your account has a password already. Change it instead.");

/// Sets the password of a person who has none, and gives their session a new id under another token.
///
/// There is no present one to ask for; the rule asks for a recent proof instead (OWASP ASVS 5.0, 7.5.1). As with any other way
/// in that is added, every other session of the person ends and a letter tells them; links that could set a password die.
///
/// # Errors
/// `Invalid` names `new`; `Conflict` where there is a password, and where the session has ended; `Forbidden` for programs.
pub async fn set_first(
    store: &Store,
    hasher: &PasswordHasher,
    permit: &Permit<ChangeMyProofs>,
    new: String,
) -> Result<SessionToken> {
    let Actor::User { id, session, .. } = *permit.actor() else { return Err(NOBODY) };
    let mut view = store.read(permit).await?;
    let user = users::find(&mut view, id).await?;
    let about = about(&mut view, &user).await?;
    let there = accounts::password(&mut view, id).await?.is_some();
    drop(view);
    if there {
        return Err(THERE);
    }
    let new = choose(hasher, "new", new, about).await?;
    let hash = hasher.hash(&new).await.map_err(Error::Password)?;
    store
        .change(permit, async |tx| {
            let (user, here) = present(tx, id, session).await?;
            // A link, or another browser of theirs, may have been quicker.
            if accounts::password(tx, id).await?.is_some() {
                return Err(THERE);
            }
            let first = StoredHash { user: id, hash: hash.as_str().to_owned(), changed_at: tx.now() };
            let written = accounts::set_password(tx, first).await?;
            let event = Event::new("password.set", &written)?
                .raising(Severity::Info, format!("User with the role {} set a password", user.role.title()));
            tx.also(event);
            end_because(tx, id, Some(session), Because::PasswordSet).await?;
            withdraw_links(tx, id, "a password was set").await?;
            tell(store, tx, &user, News::PasswordSet).await?;
            renewed(store, tx, permit, here).await
        })
        .await
}
