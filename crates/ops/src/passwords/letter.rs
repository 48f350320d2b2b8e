//! What is written to a person about their password.

use bailiwick_domain::{
    entity::{MailKind, PasswordReset, User},
    ids::UserId,
};
use bailiwick_mail::{Letter, Line, LinkPath, PasswordChangedLetter, PasswordResetLetter};
use bailiwick_store::{Scope, Store, Tx, tenants};
use bailiwick_vault::token::PasswordResetToken;

use crate::{
    Result,
    mail::{self, TRIED_FOR},
};

/// How a password was replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By whoever knew the present one.
    Changed,
    /// By a mailed link.
    Link,
}

/// Writes the letter with the link; `first` for whoever has no password so far.
pub(super) async fn link(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    reset: &PasswordReset,
    token: &PasswordResetToken,
    first: bool,
) -> Result<()> {
    let letter = Letter::PasswordReset(PasswordResetLetter {
        organisation: organisation(tx).await?,
        path: path(format!("/reset/{}", token.expose().as_str()))?,
        expires_at: reset.expires_at,
        first,
    });
    mail::write(store, tx, &letter, user.id.uuid(), &user.email, reset.expires_at).await
}

/// Tells the person that their password was replaced (OWASP ASVS 5.0, 6.3.7). No limit on letters holds this one back:
/// whoever caused it has just proved to be the person, or has taken their place.
pub(super) async fn changed(store: &Store, tx: &mut Tx, user: &User, way: Way) -> Result<()> {
    let letter = Letter::PasswordChanged(PasswordChangedLetter {
        organisation: organisation(tx).await?,
        at: tx.now(),
        by_link: way == Way::Link,
        path: path("/reset")?,
    });
    let until = tx.now() + TRIED_FOR;
    mail::write(store, tx, &letter, user.id.uuid(), &user.email, until).await
}

/// Takes back the letters with links that have not left yet. The news about the same person go on waiting.
pub(super) async fn withdraw_links(tx: &mut Tx, user: UserId) -> Result<()> {
    mail::withdraw_of(tx, user.uuid(), Some(MailKind::PasswordReset)).await
}

async fn organisation(tx: &mut Tx) -> Result<Line> {
    Ok(Line::of(&tenants::find(tx).await?.name))
}

fn path(text: impl Into<String>) -> Result<LinkPath> {
    Ok(LinkPath::parse(text).map_err(bailiwick_store::Error::vault)?)
}
