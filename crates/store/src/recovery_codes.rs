//! Recovery codes, by the hashes of them. Whoever changes them has locked their user.

use bailiwick_domain::{entity::RecoveryCodes, ids::UserId, time::Timestamp};
use bailiwick_vault::token::TokenHash;

use crate::{
    Error, Result, Written,
    lock::{execute, row},
    tx::{Scope, Tx},
};

/// A person's codes, if any were made.
pub async fn of(scope: &mut impl Scope, user: UserId) -> Result<Option<RecoveryCodes>> {
    let tenant = scope.tenant();
    let found: Option<(Option<i64>, i64)> = row!(
        scope,
        "SELECT max(made_at), count(*) - count(used_at) FROM recovery_code WHERE tenant = $1 AND user_id = $2",
        tenant.uuid(),
        user.uuid()
    )?;
    let made = found.and_then(|(made_at, unused)| Some((made_at?, unused)));
    Ok(made.map(|(made_at, unused)| RecoveryCodes { user, made_at: Timestamp::from_micros(made_at), unused }))
}

/// Puts codes in the place of all that the user had.
pub async fn replace(tx: &mut Tx, user: UserId, hashes: &[TokenHash]) -> Result<Written<RecoveryCodes>> {
    let before = of(tx, user).await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    delete(tx, user).await?;
    for hash in hashes {
        execute!(
            tx,
            "INSERT INTO recovery_code (tenant, user_id, code_hash, made_at, used_at) VALUES ($1, $2, $3, $4, NULL)",
            tenant.uuid(),
            user.uuid(),
            &hash.as_bytes()[..],
            now.micros()
        )?;
    }
    let unused = i64::try_from(hashes.len()).unwrap_or(i64::MAX);
    Ok(Written { before, after: Some(RecoveryCodes { user, made_at: now, unused }) })
}

/// Uses a code up; nothing if the user has no such code, or none that was not used.
pub async fn take(tx: &mut Tx, user: UserId, hash: &TokenHash) -> Result<Option<Written<RecoveryCodes>>> {
    let before = of(tx, user).await?;
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE recovery_code SET used_at = $4 WHERE tenant = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL",
        tenant.uuid(),
        user.uuid(),
        &hash.as_bytes()[..],
        now.micros()
    )?;
    match before {
        Some(before) if touched == 1 => {
            let after = RecoveryCodes { unused: before.unused.saturating_sub(1), ..before.clone() };
            Ok(Some(Written::replaced(before, after)))
        }
        _ => Ok(None),
    }
}

/// Whether the user has this code and has not used it.
pub async fn is_good(scope: &mut impl Scope, user: UserId, hash: &TokenHash) -> Result<bool> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT made_at FROM recovery_code WHERE tenant = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL",
        tenant.uuid(),
        user.uuid(),
        &hash.as_bytes()[..]
    )?;
    Ok(found.is_some())
}

/// Takes all codes of a user away.
///
/// # Errors
/// [`Error::NotFound`] if there are none.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<Written<RecoveryCodes>> {
    let before = of(tx, user).await?.ok_or(Error::NotFound)?;
    delete(tx, user).await?;
    Ok(Written::removed(before))
}

async fn delete(tx: &mut Tx, user: UserId) -> Result<()> {
    let tenant = tx.tenant();
    execute!(tx, "DELETE FROM recovery_code WHERE tenant = $1 AND user_id = $2", tenant.uuid(), user.uuid())?;
    Ok(())
}
