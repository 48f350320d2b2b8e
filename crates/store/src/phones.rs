//! Phone numbers to which people have one-time codes sent. They lie sealed under the tenant's key; removing a row is erasure.

use bailiwick_domain::{
    entity::{Phone, PhoneCheck},
    ids::{PhoneCheckId, UserId},
    time::{Span, Timestamp},
};
use bailiwick_vault::{keyed::same, step_up::Code};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, row},
    sealed::{self, Cell},
    tx::{Scope, Tx},
};

/// Wrong answers that a check survives, less one.
pub const TRIES: i64 = 5;
/// How long its codes work.
pub const LASTS: Span = Span::minutes(10);

#[derive(FromRow)]
struct Row {
    number: Vec<u8>,
    #[sqlx(try_from = "i64")]
    verified_at: Timestamp,
}

#[derive(FromRow)]
struct CheckRow {
    #[sqlx(try_from = "Uuid")]
    id: PhoneCheckId,
    number: Vec<u8>,
    tries_left: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
}

/// A person's proven number.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Option<Phone>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT number, verified_at FROM phone WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    let Some(row) = row else { return Ok(None) };
    let number = open(scope, "phone", user, row.number).await?;
    Ok(Some(Phone { user, number, verified_at: row.verified_at }))
}

/// Writes the number of a locked person, in place of the one before.
pub async fn put(tx: &mut Tx, before: Option<Phone>, after: Phone) -> Result<Written<Phone>> {
    let tenant = tx.tenant();
    let sealed = seal(tx, "phone", after.user, &after.number).await?;
    execute!(
        tx,
        "INSERT INTO phone (tenant, user_id, number, verified_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, user_id) DO UPDATE SET number = excluded.number, verified_at = excluded.verified_at",
        tenant.uuid(),
        after.user.uuid(),
        sealed.as_slice(),
        after.verified_at.micros()
    )?;
    Ok(match before {
        Some(before) => Written::replaced(before, after),
        None => Written::created(after),
    })
}

/// Removes the number of a locked person.
pub async fn remove(tx: &mut Tx, before: Phone) -> Result<Written<Phone>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM phone WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        before.user.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}

/// The number of a person that waits for its codes, whether they still work or not.
pub async fn check_of(scope: &mut impl Scope, user: UserId) -> Result<Option<PhoneCheck>> {
    let tenant = scope.tenant();
    let row: Option<CheckRow> = row!(
        scope,
        "SELECT id, number, tries_left, created_at, expires_at FROM phone_check WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    let Some(row) = row else { return Ok(None) };
    let number = open(scope, "phone_check", user, row.number).await?;
    Ok(Some(PhoneCheck {
        id: row.id,
        user,
        number,
        tries_left: row.tries_left,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// Lets a number of a locked person wait, beside the keyed hashes of the code of the message and that of the letter.
/// There is none of theirs already.
pub async fn insert_check(
    tx: &mut Tx,
    check: PhoneCheck,
    message: &Code,
    letter: &Code,
) -> Result<Written<PhoneCheck>> {
    let tenant = tx.tenant();
    let sealed = seal(tx, "phone_check", check.user, &check.number).await?;
    let (message, letter) = (tag(tx, &check, message), tag(tx, &check, letter));
    execute!(
        tx,
        "INSERT INTO phone_check (tenant, user_id, id, number, message_hash, letter_hash, tries_left, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        check.user.uuid(),
        check.id.uuid(),
        sealed.as_slice(),
        &message[..],
        &letter[..],
        check.tries_left,
        check.created_at.micros(),
        check.expires_at.micros()
    )?;
    Ok(Written::created(check))
}

/// Whether both codes are those of the check. Both are compared whatever the first one says.
pub async fn fits(
    tx: &mut Tx,
    check: &PhoneCheck,
    message: Option<&Code>,
    letter: Option<&Code>,
) -> Result<bool> {
    let tenant = tx.tenant();
    let found: Option<(Vec<u8>, Vec<u8>)> = row!(
        tx,
        "SELECT message_hash, letter_hash FROM phone_check WHERE tenant = $1 AND user_id = $2 AND id = $3",
        tenant.uuid(),
        check.user.uuid(),
        check.id.uuid()
    )?;
    let (first, second) = found.ok_or(Error::NotFound)?;
    let right = |code: Option<&Code>, hash: &[u8]| code.is_some_and(|code| same(&tag(tx, check, code), hash));
    Ok(right(message, &first) & right(letter, &second))
}

/// Takes a try from the check of a locked person.
pub async fn miss(tx: &mut Tx, before: PhoneCheck) -> Result<Written<PhoneCheck>> {
    let tenant = tx.tenant();
    let after = PhoneCheck { tries_left: before.tries_left - 1, ..before.clone() };
    let touched = execute!(
        tx,
        "UPDATE phone_check SET tries_left = $3 WHERE tenant = $1 AND user_id = $2 AND tries_left > 0",
        tenant.uuid(),
        before.user.uuid(),
        after.tries_left
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes the check of a locked person.
pub async fn remove_check(tx: &mut Tx, before: PhoneCheck) -> Result<Written<PhoneCheck>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM phone_check WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        before.user.uuid()
    )?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}

fn tag(tx: &Tx, check: &PhoneCheck, code: &Code) -> [u8; 32] {
    tx.shared.keys.directory.code_tag(&tx.tenant.bytes(), &check.id.bytes(), code)
}

async fn seal(tx: &mut Tx, table: &str, user: UserId, number: &str) -> Result<Vec<u8>> {
    sealed::seal(tx, Cell { table, row: &user.bytes(), column: "number" }, number.as_bytes()).await
}

async fn open(scope: &mut impl Scope, table: &str, user: UserId, sealed: Vec<u8>) -> Result<String> {
    let plain = sealed::open(scope, Cell { table, row: &user.bytes(), column: "number" }, sealed).await?;
    plain.as_str().map(str::to_owned).ok_or_else(|| Error::Corrupt(format!("{table}.number")))
}
