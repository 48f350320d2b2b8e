//! Letters on their way: written in the transaction of the change that they tell of, handed on by the mail room.
//!
//! Recipient and content lie sealed under the tenant's key. The content may hold a link that lets its holder in, so it is
//! wiped by the same statement that settles the letter.

use bailiwick_domain::{
    entity::{Mail, MailChannel, MailFault, MailKind, MailState},
    ids::{MailId, TenantId, UserId},
    rule::ByJob,
    time::{Span, Timestamp},
};
use bailiwick_vault::secret::Plaintext;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Permit, Result, Store, Written,
    conn::{Conn, on},
    lock::{execute, locked, row, rows},
    page::LIMIT,
    sealed::{self, Cell},
    store::Quiet,
    tx::{Scope, Tx},
};

/// For how long a letter belongs to whoever took it. Longer than handing one on can take; after it, others may try.
const LEASE: Span = Span::minutes(10);
/// Tenants at most in one round.
const TENANTS: i64 = 256;
/// Letters of one tenant at most in one round.
const LETTERS: i64 = 64;

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: MailId,
    #[sqlx(try_from = "String")]
    kind: MailKind,
    about: Uuid,
    recipient: Option<Vec<u8>>,
    #[sqlx(try_from = "String")]
    channel: MailChannel,
    #[sqlx(try_from = "String")]
    state: MailState,
    attempts: i64,
    fault: Option<String>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    next_attempt_at: Timestamp,
    settled_at: Option<i64>,
}

/// A letter with how far it came.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The letter, without what it says.
    pub mail: Mail,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub fault: Option<MailFault>,
    /// When it is tried next, while it waits.
    pub next_attempt_at: Timestamp,
}

/// How many letters there are of each state.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Tally {
    /// Not handed on yet.
    pub waiting: i64,
    /// Taken by the mail server.
    pub sent: i64,
    /// Not sent any more.
    pub given_up: i64,
}

/// A letter that was taken to be handed on.
#[derive(Debug)]
pub struct Claimed {
    /// The letter.
    pub mail: Mail,
    /// What it says.
    pub content: Plaintext,
    /// The number of this attempt, from 1.
    pub attempt: i64,
    /// The day after which it is too late.
    pub last_day: Timestamp,
}

/// Stores a letter, sealed, to be tried from now until `last_day`.
pub async fn insert(tx: &mut Tx, mail: Mail, content: &[u8], last_day: Timestamp) -> Result<Written<Mail>> {
    let tenant = tx.tenant();
    let recipient = seal(tx, mail.id, "recipient", mail.to.as_bytes()).await?;
    let content = seal(tx, mail.id, "content", content).await?;
    let tag = tx.shared.keys.directory.address_tag(&mail.to);
    let mailbox = tx.shared.keys.directory.address_tag(&mailbox(&mail.to));
    execute!(
        tx,
        "INSERT INTO mail (tenant, id, kind, about, recipient, recipient_tag, content, state, attempts, created_at, next_attempt_at, last_day, channel, mailbox_tag)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $8, $9, $10, $11)",
        tenant.uuid(),
        mail.id.uuid(),
        mail.kind.name(),
        mail.about,
        recipient.as_slice(),
        &tag[..],
        content.as_slice(),
        mail.created_at.micros(),
        last_day.micros(),
        mail.channel.name(),
        &mailbox[..]
    )?;
    Ok(Written::created(mail))
}

/// Letters of one state or of all, newest first.
pub async fn list(
    scope: &mut impl Scope,
    state: Option<MailState>,
    before: Option<Cursor>,
) -> Result<Page<Listed>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let found: Vec<Row> = match state {
        Some(state) => rows!(
            scope,
            "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail
             WHERE tenant = $1 AND state = $2 AND (created_at, id) < ($3, $4) ORDER BY created_at DESC, id DESC LIMIT $5",
            tenant.uuid(),
            state.name(),
            before.at.micros(),
            before.id,
            LIMIT + 1
        )?,
        None => rows!(
            scope,
            "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail
             WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
            tenant.uuid(),
            before.at.micros(),
            before.id,
            LIMIT + 1
        )?,
    };
    let mut listed = Vec::with_capacity(found.len());
    for row in found {
        listed.push(opened(scope, row).await?);
    }
    Ok(Page::of(listed, LIMIT, |row| Cursor { at: row.mail.created_at, id: row.mail.id.uuid() }))
}

/// Counts the letters by state.
pub async fn tally(scope: &mut impl Scope) -> Result<Tally> {
    let tenant = scope.tenant();
    let row: Option<Tally> = row!(
        scope,
        "SELECT
             (SELECT count(*) FROM mail WHERE tenant = $1 AND state = 'waiting') AS waiting,
             (SELECT count(*) FROM mail WHERE tenant = $1 AND state = 'sent') AS sent,
             (SELECT count(*) FROM mail WHERE tenant = $1 AND state = 'given_up') AS given_up",
        tenant.uuid()
    )?;
    row.ok_or(Error::NotFound)
}

/// The newest letter about an entity.
pub async fn newest_about(scope: &mut impl Scope, about: Uuid) -> Result<Option<Listed>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail
         WHERE tenant = $1 AND about = $2 ORDER BY created_at DESC, id DESC LIMIT 1",
        tenant.uuid(),
        about
    )?;
    match row {
        Some(row) => Ok(Some(opened(scope, row).await?)),
        None => Ok(None),
    }
}

/// One letter.
pub async fn find(scope: &mut impl Scope, id: MailId) -> Result<Listed> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    opened(scope, row.ok_or(Error::NotFound)?).await
}

/// How many letters of a kind were written to one address or number since `since`.
pub async fn written_of_kind(
    scope: &mut impl Scope,
    kind: MailKind,
    to: &str,
    since: Timestamp,
) -> Result<i64> {
    let tenant = scope.tenant();
    let tag = scope.shared().keys.directory.address_tag(to);
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM mail WHERE tenant = $1 AND recipient_tag = $2 AND kind = $3 AND created_at > $4",
        tenant.uuid(),
        &tag[..],
        kind.name(),
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// How many messages, of whatever kind, were written to one phone number since `since`.
pub async fn messages_since(scope: &mut impl Scope, number: &str, since: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    let tag = scope.shared().keys.directory.address_tag(number);
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM mail WHERE tenant = $1 AND recipient_tag = $2 AND channel = 'webhook' AND created_at > $3",
        tenant.uuid(),
        &tag[..],
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// Letters about an entity that have not left yet.
pub async fn waiting_about(tx: &mut Tx, about: Uuid) -> Result<Vec<MailId>> {
    let tenant = tx.tenant();
    let ids: Vec<(Uuid,)> = rows!(
        tx,
        "SELECT id FROM mail WHERE tenant = $1 AND about = $2 AND state = 'waiting' ORDER BY id",
        tenant.uuid(),
        about
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Letters to an address that have not left yet.
pub async fn waiting_to(tx: &mut Tx, to: &str) -> Result<Vec<MailId>> {
    let tenant = tx.tenant();
    let tag = tx.shared.keys.directory.address_tag(to);
    let ids: Vec<(Uuid,)> = rows!(
        tx,
        "SELECT id FROM mail WHERE tenant = $1 AND recipient_tag = $2 AND state = 'waiting' ORDER BY id",
        tenant.uuid(),
        &tag[..]
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Messages to the phones of a person that have not left yet: about them, or about what they asked a code for.
pub async fn waiting_messages_of(tx: &mut Tx, user: UserId) -> Result<Vec<MailId>> {
    let tenant = tx.tenant();
    let ids: Vec<(Uuid,)> = rows!(
        tx,
        "SELECT id FROM mail WHERE tenant = $1 AND state = 'waiting' AND channel = 'webhook'
             AND (about = $2 OR about IN (SELECT id FROM step_up WHERE tenant = $1 AND user_id = $2)) ORDER BY id",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// How many letters of a kind were written since `since`, to whomever.
pub async fn written_of(scope: &mut impl Scope, kind: MailKind, since: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM mail WHERE tenant = $1 AND kind = $2 AND created_at > $3",
        tenant.uuid(),
        kind.name(),
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// How many letters were written since `since`: all, and those to the mailbox of one address, however it is tagged. Links for forgotten
/// passwords are counted apart, see [`written_of`], and so is news of what happened to an account ([`MailKind::is_news`]), see
/// [`written_of_kind`].
pub async fn written_since(scope: &mut impl Scope, to: &str, since: Timestamp) -> Result<(i64, i64)> {
    let tenant = scope.tenant();
    let tag = scope.shared().keys.directory.address_tag(&mailbox(to));
    let counts: Option<(i64, i64)> = row!(
        scope,
        "SELECT count(*), count(CASE WHEN mailbox_tag = $2 THEN 1 END) FROM mail WHERE tenant = $1 AND created_at > $3
             AND kind NOT IN ('password_reset', 'factor_reset', 'passkey_added', 'passkey_removed', 'password_changed',
                              'recovery_code_used', 'factor_added', 'factor_removed', 'phone_changed', 'account_deleted',
                              'role_changed', 'permissions_changed', 'account_disabled', 'account_enabled', 'sessions_ended',
                              'recovery_codes_made', 'account_attacked', 'password_known')",
        tenant.uuid(),
        &tag[..],
        since.micros()
    )?;
    counts.ok_or(Error::NotFound)
}

/// The mailbox behind an address, as far as the address tells: what follows a `+` is a tag that its owner chose (RFC 5233), and the
/// domain is the same in either case (RFC 5321, 2.4). A phone number is what it is.
///
/// For counting only: a letter goes to the address that was given.
fn mailbox(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else { return address.to_owned() };
    let untagged = local.split_once('+').map_or(local, |(before, _)| before);
    // With nothing before the sign, the sign is the name.
    let local = if untagged.is_empty() { local } else { untagged };
    format!("{local}@{}", domain.to_ascii_lowercase())
}

/// Reads a letter for settling it.
pub async fn lock(tx: &mut Tx, id: MailId) -> Result<Mail> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(opened(tx, row).await?.mail)
}

/// Settles a locked letter that waits, and wipes what it said; and the recipient of one that tells of their deletion, whose
/// address was kept for nothing but this letter.
pub async fn settle(tx: &mut Tx, before: Mail, after: Mail) -> Result<Written<Mail>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE mail SET state = $3, fault = $4, settled_at = $5, content = NULL,
                         recipient = CASE WHEN kind = 'account_deleted' THEN NULL ELSE recipient END,
                         recipient_tag = CASE WHEN kind = 'account_deleted' THEN NULL ELSE recipient_tag END,
                         mailbox_tag = CASE WHEN kind = 'account_deleted' THEN NULL ELSE mailbox_tag END
         WHERE tenant = $1 AND id = $2 AND state = 'waiting'",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.fault.map(MailFault::name),
        after.settled_at.map(Timestamp::micros)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// The tenants that are served and have letters due on this channel, up to a bound.
///
/// By channel, so that letters that cannot leave on one of them stand in nobody's way on the other.
pub async fn tenants_due(store: &Store, channel: MailChannel) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT m.tenant FROM mail m JOIN tenant t ON t.id = m.tenant
             WHERE m.state = 'waiting' AND m.next_attempt_at <= $1 AND t.status = 'active' AND m.channel = $3 LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .bind(channel.name())
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Letters of the scope's tenant that are due on this channel, those that waited longest first.
pub async fn due(scope: &mut impl Scope, channel: MailChannel) -> Result<Vec<MailId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM mail WHERE tenant = $1 AND state = 'waiting' AND next_attempt_at <= $2 AND channel = $4 ORDER BY next_attempt_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        LETTERS,
        channel.name()
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Takes a due letter, so that for a while nobody else does; nothing if somebody was quicker.
///
/// Not audited: it says only that an attempt begins. How the letter ends is recorded.
pub async fn claim(store: &Store, permit: &Permit<ByJob>, id: MailId) -> Result<Option<Claimed>> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match taken(&mut tx, id).await {
        Ok(claimed) => {
            store.commit_quietly(tx, Quiet::MailTried).await?;
            Ok(claimed)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

/// Puts a letter back that could not be handed on, to be tried again at `next`. Not audited, as above.
pub async fn postpone(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    fault: MailFault,
    next: Timestamp,
) -> Result<()> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    let tenant = tx.tenant();
    // Whoever has taken the letter in the meantime knows better.
    let done = execute!(
        tx,
        "UPDATE mail SET next_attempt_at = $4, fault = $5 WHERE tenant = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'",
        tenant.uuid(),
        claimed.mail.id.uuid(),
        claimed.attempt,
        next.micros(),
        fault.name()
    );
    match done {
        Ok(_) => store.commit_quietly(tx, Quiet::MailTried).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}

async fn taken(tx: &mut Tx, id: MailId) -> Result<Option<Claimed>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE mail SET attempts = attempts + 1, next_attempt_at = $4 WHERE tenant = $1 AND id = $2 AND state = 'waiting' AND next_attempt_at <= $3",
        tenant.uuid(),
        id.uuid(),
        now.micros(),
        (now + LEASE).micros()
    )?;
    if touched == 0 {
        return Ok(None);
    }
    let row: Option<Row> = row!(
        tx,
        "SELECT id, kind, about, recipient, channel, state, attempts, fault, created_at, next_attempt_at, settled_at FROM mail WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let more: Option<(Option<Vec<u8>>, i64)> = row!(
        tx,
        "SELECT content, last_day FROM mail WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let (Some(row), Some((Some(content), last_day))) = (row, more) else { return Err(Error::NotFound) };
    let content = open(tx, id, "content", content).await?;
    let listed = opened(tx, row).await?;
    Ok(Some(Claimed {
        mail: listed.mail,
        content,
        attempt: listed.attempts,
        last_day: Timestamp::from_micros(last_day),
    }))
}

async fn opened(scope: &mut impl Scope, row: Row) -> Result<Listed> {
    let to = match row.recipient {
        Some(sealed) => {
            let to = open(scope, row.id, "recipient", sealed).await?;
            to.as_str().ok_or_else(|| Error::Corrupt("mail.recipient".into()))?.to_owned()
        }
        // Erased with the person.
        None => String::new(),
    };
    let fault = row.fault.map(|fault| fault.parse::<MailFault>()).transpose();
    let fault = fault.map_err(|_| Error::Corrupt("mail.fault".into()))?;
    let mail = Mail {
        id: row.id,
        kind: row.kind,
        about: row.about,
        to,
        channel: row.channel,
        state: row.state,
        // While it waits, what went wrong belongs to the attempt and not to the letter.
        fault: fault.filter(|_| row.state != MailState::Waiting),
        created_at: row.created_at,
        settled_at: row.settled_at.map(Timestamp::from_micros),
    };
    Ok(Listed { mail, attempts: row.attempts, fault, next_attempt_at: row.next_attempt_at })
}

async fn seal(tx: &mut Tx, id: MailId, column: &str, plain: &[u8]) -> Result<Vec<u8>> {
    sealed::seal(tx, Cell { table: "mail", row: &id.bytes(), column }, plain).await
}

async fn open(scope: &mut impl Scope, id: MailId, column: &str, sealed: Vec<u8>) -> Result<Plaintext> {
    sealed::open(scope, Cell { table: "mail", row: &id.bytes(), column }, sealed).await
}

/// Lets a transaction of PostgreSQL find the tenants with work; see the last policies of the schema.
pub(crate) async fn find_tenants(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(transaction) = conn {
        sqlx::query("SELECT set_config('bailiwick.job', 'on', true)").execute(&mut **transaction).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tagged_addresses_are_one_mailbox() {
        for (address, behind) in [
            ("victim@example.com", "victim@example.com"),
            ("victim+0@example.com", "victim@example.com"),
            ("victim+a+b@EXAMPLE.com", "victim@example.com"),
            ("victim+@example.com", "victim@example.com"),
            ("+tag@example.com", "+tag@example.com"),
            ("+61491570156", "+61491570156"),
            ("", ""),
        ] {
            assert_eq!(mailbox(address), behind, "{address}");
        }
    }
}
