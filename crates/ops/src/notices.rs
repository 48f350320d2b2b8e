//! What a person is told of what others do to their account.
//!
//! These letters have a bound of their own, for each person and kind, and share none with other letters: whoever could use it up
//! elsewhere would act unseen. Those that a stranger can cause, by guessing or with the password, come once in a window besides.

use bailiwick_domain::{
    entity::{MailKind, User},
    ids::UserId,
    rule::Rule,
    time::Span,
};
use bailiwick_mail::{Letter, Line, News, NoticeLetter};
use bailiwick_store::{Actor, Permit, Scope, Store, Tx, mail as letters, tenants, users};

use crate::{Result, mail};

/// The name of whoever acts, as the person concerned reads it.
pub(crate) fn by<R: Rule>(permit: &Permit<R>) -> Line {
    let other =
        if matches!(permit.actor(), Actor::Key { .. }) { "A program with a key" } else { "The server" };
    permit.caller().map_or_else(|| Line::of(other), |caller| Line::of(&caller.user.name))
}

/// Tells a locked user what was done to their account.
pub(crate) async fn tell(store: &Store, tx: &mut Tx, user: &User, news: News) -> Result<()> {
    let letter = notice(tx, user, news).await?;
    let until = tx.now() + mail::TRIED_FOR;
    mail::write(store, tx, &letter, user.id.uuid(), &user.email, until).await
}

/// The letter with which a user is told.
pub(crate) async fn notice(tx: &mut Tx, user: &User, news: News) -> Result<Letter> {
    Ok(Letter::Notice(NoticeLetter {
        name: Line::of(&user.name),
        organisation: Line::of(&tenants::find(tx).await?.name),
        tenant: tx.tenant(),
        at: tx.now(),
        news,
    }))
}

/// Warns a locked user whose account's bound of wrong guesses is used up, once in a window, whatever other letters there were.
pub(crate) async fn warn(store: &Store, tx: &mut Tx, id: UserId, window: Span) -> Result<()> {
    let user = users::find(tx, id).await?;
    once(store, tx, &user, (News::Attacked, MailKind::AccountAttacked), window).await
}

/// Tells a locked user that somebody gives their right password again and again, once in a day, whatever other letters there were.
pub(crate) async fn password_known(store: &Store, tx: &mut Tx, user: &User) -> Result<()> {
    once(store, tx, user, (News::PasswordKnown, MailKind::PasswordKnown), Span::hours(24)).await
}

async fn once(
    store: &Store,
    tx: &mut Tx,
    user: &User,
    (news, kind): (News, MailKind),
    window: Span,
) -> Result<()> {
    let since = tx.now() - window;
    let told = letters::written_of_kind(tx, kind, &user.email, since).await?;
    if told > 0 {
        return Ok(());
    }
    tell(store, tx, user, news).await
}
