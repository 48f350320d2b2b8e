//! What a user signs in with: password, second factors, enrolment links.

use bailiwick_domain::{
    entity::{Enrolment, Factor, FactorKind, FactorState, Password},
    ids::{FactorId, UserId},
    time::Timestamp,
};
use bailiwick_vault::{
    envelope::{Context, Sealed},
    token::TokenHash,
    totp::TotpSecret,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Written, links,
    lock::{execute, locked, row, rows},
    sealed::{self, Cell},
    tenant_keys,
    tx::{Scope, Tx},
    users,
};

#[derive(FromRow)]
struct PasswordRow {
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    hash: String,
    #[sqlx(try_from = "i64")]
    changed_at: Timestamp,
}

/// The stored password of a user, if one is set.
pub async fn password(scope: &mut impl Scope, user: UserId) -> Result<Option<Password>> {
    let tenant = scope.tenant();
    let row: Option<PasswordRow> = row!(
        scope,
        "SELECT user_id, hash, changed_at FROM password WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(row.map(|row| Password { user: row.user_id, hash: row.hash, changed_at: row.changed_at }))
}

/// Sets a user's password, the first or another one.
pub async fn set_password(tx: &mut Tx, after: Password) -> Result<Written<Password>> {
    let tenant = tx.tenant();
    let before = password(tx, after.user).await?;
    execute!(
        tx,
        "INSERT INTO password (tenant, user_id, hash, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant, user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        tenant.uuid(),
        after.user.uuid(),
        after.hash.as_str(),
        after.changed_at.micros()
    )?;
    Ok(Written { before, after: Some(after) })
}

#[derive(FromRow)]
struct FactorRow {
    #[sqlx(try_from = "Uuid")]
    id: FactorId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    #[sqlx(try_from = "String")]
    kind: FactorKind,
    name: String,
    #[sqlx(try_from = "String")]
    state: FactorState,
    last_step: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    verified_at: Option<i64>,
}

impl From<FactorRow> for Factor {
    fn from(row: FactorRow) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            kind: row.kind,
            name: row.name,
            state: row.state,
            last_step: row.last_step,
            created_at: row.created_at,
            verified_at: row.verified_at.map(Timestamp::from_micros),
        }
    }
}

/// A user's factors that are not removed, oldest first.
pub async fn factors(scope: &mut impl Scope, user: UserId) -> Result<Vec<Factor>> {
    let tenant = scope.tenant();
    let rows: Vec<FactorRow> = rows!(
        scope,
        "SELECT id, user_id, kind, name, state, last_step, created_at, verified_at FROM factor
         WHERE tenant = $1 AND user_id = $2 AND state <> 'removed' ORDER BY created_at, id",
        tenant.uuid(),
        user.uuid()
    )?;
    Ok(rows.into_iter().map(Factor::from).collect())
}

/// Reads a factor of this user for changing.
pub async fn lock_factor(tx: &mut Tx, user: UserId, id: FactorId) -> Result<Factor> {
    let tenant = tx.tenant();
    let row: FactorRow = locked!(
        tx,
        "SELECT id, user_id, kind, name, state, last_step, created_at, verified_at FROM factor WHERE tenant = $1 AND id = $2 AND user_id = $3",
        tenant.uuid(),
        id.uuid(),
        user.uuid()
    )?;
    Ok(row.into())
}

/// Stores a factor; its secret, if it has one, is sealed under the tenant's key for this very row.
pub async fn insert_factor(
    tx: &mut Tx,
    factor: Factor,
    secret: Option<&TotpSecret>,
) -> Result<Written<Factor>> {
    let tenant = tx.tenant();
    let sealed = match secret {
        Some(secret) => {
            let keys = tenant_keys::load(tx).await?;
            let row = factor.id.bytes();
            Some(
                secret
                    .seal(&keys, &factor_context(tenant.bytes(), &row), &*tx.shared.entropy)
                    .map_err(Error::vault)?
                    .into_bytes(),
            )
        }
        None => None,
    };
    execute!(
        tx,
        "INSERT INTO factor (tenant, id, user_id, kind, name, state, last_step, created_at, verified_at, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        factor.id.uuid(),
        factor.user.uuid(),
        factor.kind.name(),
        factor.name.as_str(),
        factor.state.name(),
        factor.last_step,
        factor.created_at.micros(),
        factor.verified_at.map(Timestamp::micros),
        sealed.clone()
    )?;
    if factor.state == FactorState::Verified {
        users::note_strongest_factor(tx, factor.user).await?;
    }
    Ok(Written::created(factor))
}

/// Replaces a locked factor by its new image. The sealed secret stays as long as the factor does, and goes with it.
pub async fn replace_factor(tx: &mut Tx, before: Factor, after: Factor) -> Result<Written<Factor>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE factor SET state = $3, last_step = $4, verified_at = $5, sealed = CASE WHEN $6 THEN NULL ELSE sealed END WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.last_step,
        after.verified_at.map(Timestamp::micros),
        after.state == FactorState::Removed
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    if (before.state == FactorState::Verified) != (after.state == FactorState::Verified) {
        users::note_strongest_factor(tx, after.user).await?;
    }
    Ok(Written::replaced(before, after))
}

/// Removes a locked factor for good: what is left is that it was there, the sealed secret is wiped.
pub async fn remove_factor(tx: &mut Tx, before: Factor) -> Result<Written<Factor>> {
    let tenant = tx.tenant();
    let after = Factor { state: FactorState::Removed, ..before.clone() };
    let touched = execute!(
        tx,
        "UPDATE factor SET state = $3, sealed = NULL WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name()
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    if before.state == FactorState::Verified {
        users::note_strongest_factor(tx, after.user).await?;
    }
    Ok(Written::replaced(before, after))
}

/// Opens the secret of a TOTP factor.
pub async fn factor_secret(scope: &mut impl Scope, id: FactorId) -> Result<TotpSecret> {
    let tenant = scope.tenant();
    let row: Option<(Option<Vec<u8>>,)> =
        row!(scope, "SELECT sealed FROM factor WHERE tenant = $1 AND id = $2", tenant.uuid(), id.uuid())?;
    let bytes = row.and_then(|(sealed,)| sealed).ok_or(Error::NotFound)?;
    let keys = tenant_keys::load(scope).await?;
    let row = id.bytes();
    let cell = Cell { table: "factor", row: &row, column: "sealed" };
    Sealed::parse(bytes)
        .and_then(|sealed| TotpSecret::open(&keys, &cell.context(tenant), &sealed))
        .map_err(|wrong| sealed::refused(scope, &cell, wrong))
}

fn factor_context(tenant: [u8; 16], row: &[u8; 16]) -> Context<'_> {
    Context { tenant, table: "factor", row, column: "sealed", version: 1 }
}

/// Stores an enrolment link beside the hash of its token.
pub async fn insert_enrolment(
    tx: &mut Tx,
    enrolment: Enrolment,
    token: &TokenHash,
) -> Result<Written<Enrolment>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO enrolment (tenant, id, user_id, token_hash, created_at, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        enrolment.id.uuid(),
        enrolment.user.uuid(),
        &token.as_bytes()[..],
        enrolment.created_at.micros(),
        enrolment.expires_at.micros(),
        enrolment.used_at.map(Timestamp::micros)
    )?;
    Ok(Written::created(enrolment))
}

/// The enrolment link with this token.
pub async fn enrolment(scope: &mut impl Scope, token: &TokenHash) -> Result<Enrolment> {
    const SQL: &str = "SELECT id, user_id, created_at, expires_at, used_at FROM enrolment WHERE tenant = $1 AND token_hash = $2";
    links::by_token(scope, SQL, token).await?.ok_or(Error::NotFound)
}

/// Reads the enrolment link with this token for changing.
pub async fn lock_enrolment(tx: &mut Tx, token: &TokenHash) -> Result<Enrolment> {
    let tenant = tx.tenant();
    let row: links::Row = locked!(
        tx,
        "SELECT id, user_id, created_at, expires_at, used_at FROM enrolment WHERE tenant = $1 AND token_hash = $2",
        tenant.uuid(),
        &token.as_bytes()[..]
    )?;
    Ok(row.into())
}

/// A user's links that still work, oldest first. Whoever is about to change them has locked the user.
pub async fn live_enrolments(scope: &mut impl Scope, user: UserId) -> Result<Vec<Enrolment>> {
    const SQL: &str = "SELECT id, user_id, created_at, expires_at, used_at FROM enrolment
         WHERE tenant = $1 AND user_id = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY created_at, id";
    links::live_of(scope, SQL, user).await
}

/// Replaces an enrolment link, whose user is locked, by its new image: used, or at its end.
pub async fn replace_enrolment(
    tx: &mut Tx,
    before: Enrolment,
    after: Enrolment,
) -> Result<Written<Enrolment>> {
    const SQL: &str = "UPDATE enrolment SET used_at = $3, expires_at = $4 WHERE tenant = $1 AND id = $2 AND used_at IS NULL";
    links::replace(tx, SQL, before, after).await
}
