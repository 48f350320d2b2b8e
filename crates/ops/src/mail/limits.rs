//! How many letters people may cause: as the operator says (`mail.per_organisation`, `mail.per_recipient`), and messages to one phone
//! (`step_up.messages_per_number`). Where it cannot be counted, nothing is written.
//!
//! Links for forgotten passwords, which anybody can ask for, are counted apart: they use up no other letter's room, and others
//! use up none of theirs. So is news of what happened to somebody's account, for each person and kind: whoever causes very much of
//! one keeps back neither another kind of it nor an invitation.

use bailiwick_domain::{
    entity::{MailChannel, MailKind},
    time::Span,
};
use bailiwick_store::{Scope, Store, Tx, mail, tenants};

use super::Recipient;
use crate::{Error, Result};

/// How far back letters count.
pub(crate) const WINDOW: Span = Span::hours(24);

/// News of one kind that is written to one person in a day. What it would tell of beyond is recorded all the same.
pub const NEWS_OF_A_KIND: i64 = 20;

/// Refuses a letter too many. The tenant's policy is locked meanwhile, so that the count is exact.
pub(crate) async fn within_limits(store: &Store, tx: &mut Tx, to: &str) -> Result<()> {
    let (all, to_them) = written(tx, to).await?;
    let limits = store.outbox();
    refused_unless(all < limits.per_organisation && to_them < limits.per_recipient)
}

/// Refuses a letter too many of the organisation, for letters that have limits of their own to one address.
pub(crate) async fn within_organisation(store: &Store, tx: &mut Tx) -> Result<()> {
    let (all, _) = written(tx, "").await?;
    refused_unless(all < store.outbox().per_organisation)
}

/// Refuses a message too many to one phone number, whoever of the organisation causes it: each costs somebody something, and
/// whoever earns by it would have as many people ask as there are. Letters of mail have no limit here.
///
/// Whoever is about to lock a person before has locked the policy first: see [`one_at_a_time`].
pub(crate) async fn within_number(store: &Store, tx: &mut Tx, to: &Recipient) -> Result<()> {
    if to.channel != MailChannel::Webhook {
        return Ok(());
    }
    tenants::lock_policy(tx).await?;
    let since = tx.now() - WINDOW;
    refused_unless(mail::messages_since(tx, &to.to, since).await? < store.outbox().per_number)
}

/// Makes the counts of messages exact where there are any: the policy is locked before a person is.
pub(crate) async fn one_at_a_time(store: &Store, tx: &mut Tx) -> Result<()> {
    if store.outbox().codes == MailChannel::Webhook {
        tenants::lock_policy(tx).await?;
    }
    Ok(())
}

/// Refuses a link for a forgotten password too many of the organisation, which has as many of them as of other letters. To one
/// address they have limits of their own.
pub(crate) async fn within_resets(store: &Store, tx: &mut Tx) -> Result<()> {
    tenants::lock_policy(tx).await?;
    let since = tx.now() - WINDOW;
    let links = mail::written_of(tx, MailKind::PasswordReset, since).await?;
    refused_unless(links < store.outbox().per_organisation)
}

/// Whether somebody is told once more of what happened to their account, or was told of as much as anybody reads in a day. No lock is
/// taken for it, so that a few at the same moment may be beyond.
pub(crate) async fn leaves_room_for_news(tx: &mut Tx, kind: MailKind, to: &str) -> Result<bool> {
    let since = tx.now() - WINDOW;
    Ok(mail::written_of_kind(tx, kind, to, since).await? < NEWS_OF_A_KIND)
}

/// The letters that count: all, and those to one address.
async fn written(tx: &mut Tx, to: &str) -> Result<(i64, i64)> {
    tenants::lock_policy(tx).await?;
    let since = tx.now() - WINDOW;
    Ok(mail::written_since(tx, to, since).await?)
}

pub(crate) const fn refused_unless(fits: bool) -> Result<()> {
    if fits { Ok(()) } else { Err(Error::Limited { retry_after_seconds: WINDOW.as_seconds() }) }
}
