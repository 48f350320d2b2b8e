//! Tenant keys as they are stored, and subject keys under them.

use std::sync::Arc;

use bailiwick_vault::{
    keyring::{TenantKeys, WrappedKey},
    provider::KeyId,
    subject::{SubjectKey, WrappedSubjectKey},
};
use uuid::Uuid;

use crate::{
    Error, Result,
    conn::on,
    lock::{row, rows},
    sealed::{self, Cell},
    tx::{Scope, Tx},
};

/// The tenant's keys, which were brought into memory before the transaction began.
///
/// # Errors
/// [`Error::KeysGone`] where they were destroyed, [`Error::KeysAway`] where nobody could be asked for them.
pub(crate) async fn load(scope: &mut impl Scope) -> Result<Arc<TenantKeys>> {
    let tenant = scope.tenant();
    if let Some(keys) = scope.shared().keys.keyring.cached(&tenant.bytes()) {
        return Ok(keys);
    }
    let there: Option<(i64,)> =
        row!(scope, "SELECT version FROM tenant_key WHERE tenant = $1 LIMIT 1", tenant.uuid())?;
    Err(if there.is_some() { Error::KeysAway } else { Error::KeysGone })
}

/// The tenant's keys as they are stored.
pub(crate) async fn wrapped(scope: &mut impl Scope) -> Result<Vec<WrappedKey>> {
    let tenant = scope.tenant();
    let rows: Vec<(i64, String, Vec<u8>)> = rows!(
        scope,
        "SELECT version, provider_key, wrapped FROM tenant_key WHERE tenant = $1 ORDER BY version",
        tenant.uuid()
    )?;
    let wrapped = rows.into_iter().map(|(version, provider, bytes)| {
        Ok(WrappedKey {
            tenant: tenant.bytes(),
            version: u32::try_from(version).map_err(|_| Error::Corrupt("tenant_key.version".into()))?,
            provider_key_id: KeyId::parse(&provider)
                .ok_or_else(|| Error::Corrupt("tenant_key.provider_key".into()))?,
            bytes,
        })
    });
    wrapped.collect()
}

/// Stores a tenant key.
pub(crate) async fn insert(tx: &mut Tx, key: &WrappedKey) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    on!(tx, |c| {
        sqlx::query("INSERT INTO tenant_key (tenant, version, provider_key, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(tenant.uuid())
        .bind(i64::from(key.version))
        .bind(key.provider_key_id.as_str())
        .bind(key.bytes.as_slice())
        .bind(now.micros())
        .execute(c)
        .await
        .map(drop)
    })?;
    Ok(())
}

/// What is known of the key of a data subject.
pub(crate) enum Subject {
    /// Nothing was sealed under one yet.
    None,
    /// It is there.
    Key(SubjectKey),
    /// It was destroyed, and none is made again.
    Erased,
}

/// The key of a data subject.
pub(crate) async fn subject(scope: &mut impl Scope, subject: Uuid) -> Result<Subject> {
    let tenant = scope.tenant();
    let row: Option<(i64, Option<Vec<u8>>)> = on!(scope, |c| sqlx::query_as(
        "SELECT key_version, wrapped FROM subject_key WHERE tenant = $1 AND subject = $2"
    )
    .bind(tenant.uuid())
    .bind(subject)
    .fetch_optional(c)
    .await)?;
    let Some((version, bytes)) = row else { return Ok(Subject::None) };
    let Some(bytes) = bytes else { return Ok(Subject::Erased) };
    let wrapped = WrappedSubjectKey {
        tenant: tenant.bytes(),
        subject: subject.into_bytes(),
        key_version: u32::try_from(version).map_err(|_| Error::Corrupt("subject_key.key_version".into()))?,
        bytes,
    };
    let keys = match load(scope).await {
        Ok(keys) => keys,
        Err(Error::KeysGone) => return Ok(Subject::Erased),
        Err(error) => return Err(error),
    };
    match SubjectKey::restore(&keys, &wrapped) {
        Ok(key) => Ok(Subject::Key(key)),
        Err(wrong) => {
            let row = subject.into_bytes();
            let cell = Cell { table: "subject_key", row: &row, column: "wrapped" };
            match sealed::refused(scope, &cell, wrong) {
                // What destroyed the key above it erased it.
                Error::KeysGone => Ok(Subject::Erased),
                error => Err(error),
            }
        }
    }
}

/// The key of a data subject, made and stored if there is none; nothing for one that was erased.
pub(crate) async fn subject_or_new(tx: &mut Tx, id: Uuid) -> Result<Option<SubjectKey>> {
    match subject(tx, id).await? {
        Subject::Key(key) => return Ok(Some(key)),
        Subject::Erased => return Ok(None),
        Subject::None => {}
    }
    let keys = match load(tx).await {
        Ok(keys) => keys,
        Err(Error::KeysGone) => return Ok(None),
        Err(error) => return Err(error),
    };
    let (key, wrapped) =
        SubjectKey::create(&keys, id.into_bytes(), &*tx.shared.entropy).map_err(Error::vault)?;
    let tenant = tx.tenant();
    let inserted = on!(tx, |c| {
        sqlx::query(
        "INSERT INTO subject_key (tenant, subject, key_version, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, subject) DO NOTHING"
    )
    .bind(tenant.uuid())
    .bind(id)
    .bind(i64::from(wrapped.key_version))
    .bind(wrapped.bytes.as_slice())
    .execute(c)
    .await
    .map(|done| done.rows_affected())
    })?;
    if inserted == 1 {
        return Ok(Some(key));
    }
    // Another transaction was quicker; the insert above waited for its commit.
    match subject(tx, id).await? {
        Subject::Key(key) => Ok(Some(key)),
        Subject::Erased => Ok(None),
        Subject::None => Err(Error::Busy),
    }
}

/// Destroys the key of a data subject, whether there is one or not: what was sealed under it can be opened by nobody, and what
/// this transaction and later ones record of the subject is committed to and kept nowhere.
pub(crate) async fn erase_subject(tx: &mut Tx, id: Uuid) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    on!(tx, |c| {
        sqlx::query(
            "INSERT INTO subject_key (tenant, subject, key_version, wrapped, erased_at) VALUES ($1, $2, 0, NULL, $3)
             ON CONFLICT (tenant, subject) DO UPDATE SET wrapped = NULL, erased_at = excluded.erased_at WHERE subject_key.erased_at IS NULL",
        )
        .bind(tenant.uuid())
        .bind(id)
        .bind(now.micros())
        .execute(c)
        .await
        .map(drop)
    })?;
    tx.erased.push(id);
    Ok(())
}
