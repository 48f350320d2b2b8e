//! Passkeys, the registrations that wait for one, and the challenges that were answered.
//!
//! A credential and the state of a registration lie sealed under the tenant's key, each for its very row.

use bailiwick_domain::{
    entity::{Passkey, PasskeyCeremony},
    ids::{CeremonyId, FactorId, SessionId, UserId},
    time::Timestamp,
};
use bailiwick_vault::secret::Plaintext;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written,
    lock::{execute, locked, row, rows},
    sealed::{self, Cell},
    tx::{Scope, Tx},
};

const CREDENTIAL: &str = "passkey";
const CEREMONY: &str = "webauthn_ceremony";

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: FactorId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    name: String,
    sign_count: i64,
    backup_eligible: i64,
    backed_up: i64,
    transports: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    last_used_at: Option<i64>,
    suspected_at: Option<i64>,
}

impl From<Row> for Passkey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            name: row.name,
            sign_count: row.sign_count,
            backup_eligible: row.backup_eligible != 0,
            backed_up: row.backed_up != 0,
            transports: row.transports.split_whitespace().map(str::to_owned).collect(),
            created_at: row.created_at,
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            suspected_at: row.suspected_at.map(Timestamp::from_micros),
        }
    }
}

/// Stores a passkey of a locked user beside its sealed credential. Its factor is there already.
///
/// # Errors
/// [`Error::Conflict`] where the tenant has a passkey with this credential id.
pub async fn insert(
    tx: &mut Tx,
    passkey: Passkey,
    credential_id: &[u8],
    credential: &[u8],
) -> Result<Written<Passkey>> {
    let tenant = tx.tenant();
    let sealed = seal(tx, CREDENTIAL, &passkey.id.bytes(), credential).await?;
    let inserted = execute!(
        tx,
        "INSERT INTO passkey (tenant, id, user_id, credential_id, name, sign_count, backup_eligible, backed_up, transports, created_at, last_used_at, suspected_at, sealed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (tenant, credential_id) DO NOTHING",
        tenant.uuid(),
        passkey.id.uuid(),
        passkey.user.uuid(),
        credential_id,
        passkey.name.as_str(),
        passkey.sign_count,
        i64::from(passkey.backup_eligible),
        i64::from(passkey.backed_up),
        passkey.transports.join(" "),
        passkey.created_at.micros(),
        passkey.last_used_at.map(Timestamp::micros),
        passkey.suspected_at.map(Timestamp::micros),
        sealed.as_slice()
    )?;
    if inserted == 1 {
        Ok(Written::created(passkey))
    } else {
        Err(Error::Conflict("This passkey is registered already."))
    }
}

/// A user's passkeys, oldest first.
pub async fn of_user(scope: &mut impl Scope, user: UserId) -> Result<Vec<Passkey>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, name, sign_count, backup_eligible, backed_up, transports, created_at, last_used_at, suspected_at FROM passkey
         WHERE tenant = $1 AND user_id = $2 ORDER BY created_at, id",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(rows.into_iter().map(Passkey::from).collect())
}

/// The credential ids of a user's passkeys, as their authenticators know them.
pub async fn credential_ids(scope: &mut impl Scope, user: UserId) -> Result<Vec<Vec<u8>>> {
    let tenant = scope.tenant();
    let ids: Vec<(Vec<u8>,)> = rows!(
        scope,
        "SELECT credential_id FROM passkey WHERE tenant = $1 AND user_id = $2 ORDER BY created_at, id",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// One passkey of this user.
pub async fn find(scope: &mut impl Scope, user: UserId, id: FactorId) -> Result<Passkey> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, user_id, name, sign_count, backup_eligible, backed_up, transports, created_at, last_used_at, suspected_at FROM passkey
         WHERE tenant = $1 AND user_id = $2 AND id = $3",
        tenant.uuid(),
        user.uuid(),
        id.uuid()
    )?;
    Ok(row.ok_or(Error::NotFound)?.into())
}

/// Reads a passkey of this user for changing.
pub async fn lock(tx: &mut Tx, user: UserId, id: FactorId) -> Result<Passkey> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, user_id, name, sign_count, backup_eligible, backed_up, transports, created_at, last_used_at, suspected_at FROM passkey
         WHERE tenant = $1 AND user_id = $2 AND id = $3",
        tenant.uuid(),
        user.uuid(),
        id.uuid()
    )?;
    Ok(row.into())
}

/// The passkey of a locked user with this credential id, with its opened credential.
pub async fn by_credential(
    tx: &mut Tx,
    user: UserId,
    credential_id: &[u8],
) -> Result<Option<(Passkey, Plaintext)>> {
    #[derive(FromRow)]
    struct WithCredential {
        #[sqlx(flatten)]
        row: Row,
        sealed: Vec<u8>,
    }
    let tenant = tx.tenant();
    let found: Option<WithCredential> = row!(
        tx,
        "SELECT id, user_id, name, sign_count, backup_eligible, backed_up, transports, created_at, last_used_at, suspected_at, sealed FROM passkey
         WHERE tenant = $1 AND user_id = $2 AND credential_id = $3",
        tenant.uuid(),
        user.uuid(),
        credential_id
    )?;
    let Some(found) = found else { return Ok(None) };
    let passkey = Passkey::from(found.row);
    let credential = open(tx, CREDENTIAL, &passkey.id.bytes(), found.sealed).await?;
    Ok(Some((passkey, credential)))
}

/// Replaces a locked passkey by its new image; the credential stays.
pub async fn replace(tx: &mut Tx, before: Passkey, after: Passkey) -> Result<Written<Passkey>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE passkey SET name = $3, suspected_at = $4 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.name.as_str(),
        after.suspected_at.map(Timestamp::micros)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Replaces a passkey of a locked user by its new image after it was used, with the credential that follows from the use.
pub async fn used(
    tx: &mut Tx,
    before: Passkey,
    after: Passkey,
    credential: &[u8],
) -> Result<Written<Passkey>> {
    let tenant = tx.tenant();
    let sealed = seal(tx, CREDENTIAL, &before.id.bytes(), credential).await?;
    let touched = execute!(
        tx,
        "UPDATE passkey SET sign_count = $3, backup_eligible = $4, backed_up = $5, last_used_at = $6, sealed = $7 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.sign_count,
        i64::from(after.backup_eligible),
        i64::from(after.backed_up),
        after.last_used_at.map(Timestamp::micros),
        sealed.as_slice()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes a locked passkey with its credential. Its factor stays, for the record.
pub async fn remove(tx: &mut Tx, before: Passkey) -> Result<Written<Passkey>> {
    let tenant = tx.tenant();
    let touched =
        execute!(tx, "DELETE FROM passkey WHERE tenant = $1 AND id = $2", tenant.uuid(), before.id.uuid())?;
    if touched == 1 { Ok(Written::removed(before)) } else { Err(Error::NotFound) }
}

#[derive(FromRow)]
struct CeremonyRow {
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
    sealed: Vec<u8>,
}

/// Stores a registration that waits, beside its sealed state. Those before it in the same session, and those whose time is
/// over, are gone.
pub async fn begin(tx: &mut Tx, ceremony: PasskeyCeremony, state: &[u8]) -> Result<Written<PasskeyCeremony>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "DELETE FROM webauthn_ceremony WHERE tenant = $1 AND (session = $2 OR expires_at <= $3)",
        tenant.uuid(),
        ceremony.session.uuid(),
        now.micros()
    )?;
    let sealed = seal(tx, CEREMONY, &ceremony.id.bytes(), state).await?;
    execute!(
        tx,
        "INSERT INTO webauthn_ceremony (tenant, id, user_id, session, created_at, expires_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        ceremony.id.uuid(),
        ceremony.user.uuid(),
        ceremony.session.uuid(),
        ceremony.created_at.micros(),
        ceremony.expires_at.micros(),
        sealed.as_slice()
    )?;
    Ok(Written::created(ceremony))
}

/// Takes a registration away that waits in this session of this user, with its opened state: exactly one of several
/// callers gets it.
///
/// # Errors
/// [`Error::NotFound`] where none waits, or its time is over.
pub async fn take(
    tx: &mut Tx,
    id: CeremonyId,
    user: UserId,
    session: SessionId,
) -> Result<(Written<PasskeyCeremony>, Plaintext)> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let found: Option<CeremonyRow> = row!(
        tx,
        "SELECT created_at, expires_at, sealed FROM webauthn_ceremony
         WHERE tenant = $1 AND id = $2 AND user_id = $3 AND session = $4 AND expires_at > $5",
        tenant.uuid(),
        id.uuid(),
        user.uuid(),
        session.uuid(),
        now.micros()
    )?;
    let found = found.ok_or(Error::NotFound)?;
    // Whoever deletes it has it: the other waits for that, and then finds nothing to delete.
    let touched = execute!(
        tx,
        "DELETE FROM webauthn_ceremony WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    let state = open(tx, CEREMONY, &id.bytes(), found.sealed).await?;
    let ceremony =
        PasskeyCeremony { id, user, session, created_at: found.created_at, expires_at: found.expires_at };
    Ok((Written::removed(ceremony), state))
}

/// Notes that the challenge with this hash was answered, until it cannot be answered anyway. Whether nobody noted it before:
/// of several callers at once exactly one is the first.
pub async fn spend(tx: &mut Tx, challenge: &[u8; 32], until: Timestamp) -> Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now());
    execute!(
        tx,
        "DELETE FROM webauthn_spent WHERE tenant = $1 AND expires_at <= $2",
        tenant.uuid(),
        now.micros()
    )?;
    let inserted = execute!(
        tx,
        "INSERT INTO webauthn_spent (tenant, challenge, expires_at) VALUES ($1, $2, $3) ON CONFLICT (tenant, challenge) DO NOTHING",
        tenant.uuid(),
        &challenge[..],
        until.micros()
    )?;
    Ok(inserted == 1)
}

async fn seal(tx: &mut Tx, table: &str, row: &[u8; 16], plain: &[u8]) -> Result<Vec<u8>> {
    sealed::seal(tx, Cell { table, row, column: "sealed" }, plain).await
}

async fn open(scope: &mut impl Scope, table: &str, row: &[u8; 16], sealed: Vec<u8>) -> Result<Plaintext> {
    sealed::open(scope, Cell { table, row, column: "sealed" }, sealed).await
}
