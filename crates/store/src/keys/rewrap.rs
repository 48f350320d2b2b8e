//! Wrapping what is sealed anew, so that nothing needs an older key any more: subject keys and data keys, never the values.
//!
//! Where it stands follows from the rows themselves, so whoever is killed in between is followed by anybody, who goes on with what
//! is left. A row that changed meanwhile is left as it is, and comes again.

use bailiwick_domain::{ids::TenantId, rule::ByJob};
use bailiwick_vault::{
    envelope::{self, RewrapError, Sealed},
    keyring::TenantKeys,
    subject::{SubjectKey, WrappedSubjectKey},
};
use uuid::Uuid;

use super::places::{PLACES, Place};
use crate::{
    Error, Permit, Result, Store,
    conn::on,
    lock::{execute, rows},
    mail::find_tenants,
    sealed::{Cell, refused},
    store::Quiet,
    tenant_keys,
    tx::{Scope, Tx},
};

/// Rows of one kind that one transaction wraps anew.
const STEP: i64 = 256;
/// Tenants in one answer.
const TENANTS: i64 = 100;

/// How much of a tenant is still under older versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Under the newest version.
    pub done: i64,
    /// Under older ones.
    pub left: i64,
}

/// How far wrapping anew has come in the tenant.
pub async fn left(scope: &mut impl Scope) -> Result<Left> {
    let newest = super::newest(scope).await?.key.version;
    let mut far = Left::default();
    for (version, protected) in super::protects(scope).await? {
        let count: i64 = protected.values().sum();
        if version == newest { far.done += count } else { far.left += count }
    }
    Ok(far)
}

/// Tenants with more than one version, behind `after` in the order of their ids: something of theirs may be under an older one.
pub async fn tenants_behind(store: &Store, after: Option<TenantId>) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let after = after.map_or(Uuid::nil(), TenantId::uuid);
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT tenant FROM tenant_key WHERE tenant > $1 AND version > 1 ORDER BY tenant LIMIT $2",
        )
        .bind(after)
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Wraps some of what is under older versions by the newest, in one transaction. Returns how many; none once nothing is left.
///
/// Not audited: the values stay what they are.
///
/// # Errors
/// [`Error::Sealed`] for a value that was tampered with, which is named; the others of its step come at the next attempt.
pub async fn rewrap(store: &Store, permit: &Permit<ByJob>) -> Result<usize> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match step(&mut tx).await {
        Ok(0) => {
            store.undo(tx).await;
            Ok(0)
        }
        Ok(done) => {
            store.commit_quietly(tx, Quiet::Rewrapped).await?;
            Ok(done)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}

async fn step(tx: &mut Tx) -> Result<usize> {
    let keys = match tenant_keys::load(tx).await {
        Ok(keys) => keys,
        Err(Error::KeysGone) => return Ok(0),
        Err(error) => return Err(error),
    };
    // A node that has not heard of a newer version would wrap by an older one.
    if super::newest(tx).await?.key.version != i64::from(keys.newest().version()) {
        tx.shared.keys.keyring.outdated(&tx.tenant.bytes());
        return Err(Error::Busy);
    }
    let mut done = subjects(tx, &keys).await?;
    for place in PLACES {
        done += values(tx, &keys, place).await?;
    }
    Ok(done)
}

async fn subjects(tx: &mut Tx, keys: &TenantKeys) -> Result<usize> {
    let tenant = tx.tenant();
    let older: Vec<(Uuid, i64, Vec<u8>)> = rows!(
        tx,
        "SELECT subject, key_version, wrapped FROM subject_key WHERE tenant = $1 AND key_version < $2 AND wrapped IS NOT NULL LIMIT $3",
        tenant.uuid(),
        i64::from(keys.newest().version()),
        STEP
    )?;
    let mut done = 0;
    for (subject, version, bytes) in older {
        let row = subject.into_bytes();
        let wrapped = WrappedSubjectKey {
            tenant: tenant.bytes(),
            subject: row,
            key_version: u32::try_from(version)
                .map_err(|_| Error::Corrupt("subject_key.key_version".into()))?,
            bytes,
        };
        let anew = match SubjectKey::rewrap(keys, &wrapped, &*tx.shared.entropy) {
            Ok(anew) => anew,
            Err(error) => {
                let cell = Cell { table: "subject_key", row: &row, column: "wrapped" };
                skip(tx, &cell, error)?;
                continue;
            }
        };
        execute!(
            tx,
            "UPDATE subject_key SET key_version = $4, wrapped = $5 WHERE tenant = $1 AND subject = $2 AND key_version = $3 AND wrapped IS NOT NULL",
            tenant.uuid(),
            subject,
            version,
            i64::from(anew.key_version),
            anew.bytes.as_slice()
        )?;
        done += 1;
    }
    Ok(done)
}

async fn values(tx: &mut Tx, keys: &TenantKeys, place: &'static Place) -> Result<usize> {
    let tenant = tx.tenant();
    let version = keys.newest().version().to_be_bytes();
    let older: Vec<(Uuid, i64, Vec<u8>)> = rows!(tx, place.older, tenant.uuid(), &version[..], STEP)?;
    let mut done = 0;
    for (id, number, bytes) in older {
        let mut row = id.into_bytes().to_vec();
        if place.numbered {
            row.extend_from_slice(&number.to_be_bytes());
        }
        let cell = Cell { table: place.table, row: &row, column: place.column };
        let anew = Sealed::parse(bytes.clone())
            .map_err(RewrapError::from)
            .and_then(|sealed| envelope::rewrap(keys, &cell.context(tenant), &sealed, &*tx.shared.entropy));
        let anew = match anew {
            Ok(anew) => anew.into_bytes(),
            Err(error) => {
                skip(tx, &cell, error)?;
                continue;
            }
        };
        on!(tx, |c| sqlx::query(place.replace)
            .bind(tenant.uuid())
            .bind(id)
            .bind(number)
            .bind(bytes.as_slice())
            .bind(anew.as_slice())
            .execute(c)
            .await
            .map(drop))?;
        done += 1;
    }
    Ok(done)
}

/// What does not open is noted and stays where it is; it keeps its key from being destroyed, and others are wrapped anew.
fn skip(tx: &Tx, cell: &Cell<'_>, error: RewrapError) -> Result<()> {
    match error {
        RewrapError::Open(wrong) => match refused(tx, cell, wrong) {
            Error::Sealed { .. } | Error::KeysGone => Ok(()),
            other => Err(other),
        },
        RewrapError::Seal(error) => Err(Error::vault(error)),
    }
}
