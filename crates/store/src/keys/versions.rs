//! The versions of a tenant's key.

use bailiwick_domain::{
    entity::TenantKey,
    ids::{TenantId, TenantKeyId},
    time::Timestamp,
};
use bailiwick_proof::event::id_of;
use bailiwick_vault::keyring::{TenantKey as Key, WrappedKey};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Store, Written,
    conn::on,
    lock::{row, rows},
    mail::find_tenants,
    tenant_keys,
    tx::{Scope, Tx},
};

/// A version of a tenant's key, and when it was made.
#[derive(Clone, Debug)]
pub struct Version {
    /// The version.
    pub key: TenantKey,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    version: i64,
    provider_key: String,
    created_at: i64,
}

impl From<Row> for Version {
    fn from(row: Row) -> Self {
        let key = TenantKey { id: id(row.version), version: row.version, root_key: row.provider_key };
        Self { key, created_at: Timestamp::from_micros(row.created_at) }
    }
}

/// A key that was made and is not stored yet.
pub struct FreshKey {
    pub(crate) wrapped: WrappedKey,
    pub(crate) key: Key,
}

impl std::fmt::Debug for FreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.wrapped.fmt(f)
    }
}

impl FreshKey {
    /// Its image.
    pub fn image(&self) -> TenantKey {
        let version = i64::from(self.wrapped.version);
        let root_key = self.wrapped.provider_key_id.as_str().to_owned();
        TenantKey { id: id(version), version, root_key }
    }
}

fn id(version: i64) -> TenantKeyId {
    TenantKeyId::from_bytes(id_of(
        <TenantKey as bailiwick_domain::entity::Entity>::KIND,
        &version.to_string(),
    ))
}

/// Makes a version of a tenant's key. Asks the holder of the root key, so no transaction may be open.
///
/// # Errors
/// [`Error::KeysAway`] where it does not answer.
pub async fn fresh(store: &Store, tenant: TenantId, version: i64) -> Result<FreshKey> {
    let version = u32::try_from(version).map_err(|_| Error::Conflict("The key versions are used up."))?;
    let keyring = &store.keys().keyring;
    match keyring.make(tenant.bytes(), version).await {
        Ok((wrapped, key)) => Ok(FreshKey { wrapped, key }),
        Err(error) if keyring.away_since().is_some() => {
            tracing::warn!(%tenant, %error, "no key could be made");
            Err(Error::KeysAway)
        }
        Err(error) => Err(Error::vault(error)),
    }
}

/// Stores a version as the newest. The policy is locked.
///
/// # Errors
/// [`Error::Conflict`] where another one was made meanwhile.
pub async fn insert(tx: &mut Tx, key: &FreshKey) -> Result<Written<TenantKey>> {
    let before = newest(tx).await?;
    if before.key.version + 1 != i64::from(key.wrapped.version) {
        return Err(Error::Conflict("The key was rotated a moment ago."));
    }
    tenant_keys::insert(tx, &key.wrapped).await?;
    Ok(Written::created(key.image()))
}

/// Takes a version that was just committed into this server's memory: it encrypts from now on.
pub fn held(store: &Store, key: FreshKey) {
    store.keys().keyring.hold(key.key);
}

/// The versions that there are, newest first.
pub async fn versions(scope: &mut impl Scope) -> Result<Vec<Version>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT version, provider_key, created_at FROM tenant_key WHERE tenant = $1 ORDER BY version DESC",
        tenant.uuid()
    )?;
    Ok(rows.into_iter().map(Version::from).collect())
}

/// The version that encrypts.
///
/// # Errors
/// [`Error::KeysGone`] where the tenant's keys were destroyed.
pub async fn newest(scope: &mut impl Scope) -> Result<Version> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT version, provider_key, created_at FROM tenant_key WHERE tenant = $1 ORDER BY version DESC LIMIT 1",
        tenant.uuid()
    )?;
    found.map(Version::from).ok_or(Error::KeysGone)
}

/// Whether the tenant has any key.
pub async fn exist(scope: &mut impl Scope) -> Result<bool> {
    match newest(scope).await {
        Ok(_) => Ok(true),
        Err(Error::KeysGone) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tenants that are looked at in one go.
const TENANTS: i64 = 4_096;

/// Brings this server up to date about versions that other servers have made or destroyed since `since`, of the tenants whose keys
/// it has in memory. Returns of how many.
///
/// What it has not heard of it learns when it meets a value that is sealed under it.
pub async fn learn(store: &Store, since: Timestamp) -> Result<usize> {
    let keyring = &store.keys().keyring;
    let held = keyring.held();
    if held.is_empty() {
        return Ok(0);
    }
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let made: Vec<(Uuid, i64)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant, version FROM tenant_key WHERE created_at > $1 ORDER BY created_at LIMIT $2",
        )
        .bind(since.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    let gone: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant FROM key_destruction WHERE settled_at > $1 ORDER BY settled_at LIMIT $2",
        )
        .bind(since.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    drop(conn);
    let mut learnt = 0;
    for (tenant, known) in held {
        let newer = made.iter().any(|(of, version)| of.into_bytes() == tenant && *version > i64::from(known));
        if gone.iter().any(|(of,)| of.into_bytes() == tenant) {
            // What was destroyed must not linger; what is left comes back when it is needed.
            keyring.forget(&tenant);
            learnt += 1;
        } else if newer {
            store.load_keys(TenantId::from_bytes(tenant)).await?;
            learnt += 1;
        }
    }
    Ok(learnt)
}
