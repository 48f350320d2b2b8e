//! Very many API keys, and very many tenants with a key each, put into a database by the thousand.

use bailiwick_domain::{ids::TenantId, rule::ByJob};
use bailiwick_vault::{keyring::WrappedKey, provider::KeyId, token::TokenHash};
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store,
    conn::{Driver, on},
    lock::execute,
    mail::find_tenants,
    store::{Quiet, enter},
    tx::Scope,
};

/// What each of them may do, as it is stored.
const SCOPES: &str = r#"["user:read"]"#;

/// Puts API keys with these hashes into the tenant, with one scope and without a maker, in one transaction. Nothing is recorded.
///
/// # Errors
/// Those of the database.
pub async fn api_keys(store: &Store, permit: &Permit<ByJob>, hashes: &[TokenHash]) -> Result<()> {
    let mut tx = store.begin_keyless(permit.tenant().ok_or(Error::NotFound)?).await?;
    let (tenant, now) = (tx.tenant().uuid(), tx.now().micros());
    let ids: Vec<Uuid> = hashes.iter().map(|_| store.new_id()).collect();
    match tx.driver() {
        Driver::Sqlite(c) => {
            let rows: Vec<_> = ids
                .iter()
                .zip(hashes)
                .map(|(id, hash)| [id.simple().to_string(), hex::encode(hash.as_bytes())])
                .collect();
            let rows = serde_json::to_string(&rows).map_err(|_| Error::Corrupt("rows".into()))?;
            sqlx::query(
                "INSERT INTO api_key (tenant, id, name, prefix, hash, scopes, created_at)
                 SELECT $1, unhex(value ->> 0), 'One of many', 'bw_live_abc', unhex(value ->> 1), $4, $2 FROM json_each($3)",
            )
            .bind(tenant)
            .bind(now)
            .bind(rows.as_str())
            .bind(SCOPES)
            .execute(&mut *c)
            .await?;
            sqlx::query(
                "INSERT INTO directory_key (hash, tenant) SELECT unhex(value ->> 1), $1 FROM json_each($2)",
            )
            .bind(tenant)
            .bind(rows.as_str())
            .execute(c)
            .await?;
        }
        Driver::Postgres(c) => {
            let hashes: Vec<Vec<u8>> = hashes.iter().map(|hash| hash.as_bytes().to_vec()).collect();
            sqlx::query(
                "INSERT INTO api_key (tenant, id, name, prefix, hash, scopes, created_at)
                 SELECT $1, id, 'One of many', 'bw_live_abc', hash, $5, $2 FROM unnest($3::uuid[], $4::bytea[]) AS given (id, hash)",
            )
            .bind(tenant)
            .bind(now)
            .bind(&ids)
            .bind(&hashes)
            .bind(SCOPES)
            .execute(&mut *c)
            .await?;
            sqlx::query("INSERT INTO directory_key (hash, tenant) SELECT hash, $1 FROM unnest($2::bytea[]) AS given (hash)")
                .bind(tenant)
                .bind(&hashes)
                .execute(c)
                .await?;
        }
    }
    store.commit_quietly(tx, Quiet::Rewrapped).await
}

/// Puts tenants into the database, each with nothing but this key of its own, in one transaction.
///
/// # Errors
/// Those of the database.
pub async fn tenants(store: &Store, keys: &[WrappedKey]) -> Result<()> {
    let Some(first) = keys.first() else { return Ok(()) };
    let mut tx = store.begin_keyless(TenantId::from_bytes(first.tenant)).await?;
    let now = tx.now().micros();
    for key in keys {
        let tenant = TenantId::from_bytes(key.tenant);
        enter(&mut tx.conn, tenant).await?;
        let name = tenant.to_string();
        execute!(
            tx,
            "INSERT INTO tenant (id, slug, name, kind, region, status, key_brand, created_at) VALUES ($1, $2, $2, 'customer', 'local', 'active', 'bw', $3)",
            tenant.uuid(),
            name.as_str(),
            now
        )?;
        execute!(
            tx,
            "INSERT INTO tenant_key (tenant, version, provider_key, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)",
            tenant.uuid(),
            i64::from(key.version),
            key.provider_key_id.as_str(),
            key.bytes.as_slice(),
            now
        )?;
    }
    store.commit_quietly(tx, Quiet::Rewrapped).await
}

/// Some keys that this root key has wrapped, at most `most`, of tenants behind `after` in the order of their ids.
///
/// # Errors
/// Those of the database.
pub async fn wrapped_by(store: &Store, root: &KeyId, after: TenantId, most: i64) -> Result<Vec<WrappedKey>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let rows: Vec<(Uuid, i64, Vec<u8>)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant, version, wrapped FROM tenant_key WHERE tenant > $1 AND provider_key = $2 ORDER BY tenant LIMIT $3",
        )
        .bind(after.uuid())
        .bind(root.as_str())
        .bind(most)
        .fetch_all(c)
        .await
    })?;
    rows.into_iter()
        .map(|(tenant, version, bytes)| {
            Ok(WrappedKey {
                tenant: tenant.into_bytes(),
                version: u32::try_from(version).map_err(|_| Error::Corrupt("tenant_key.version".into()))?,
                provider_key_id: root.clone(),
                bytes,
            })
        })
        .collect()
}

/// Puts keys that were wrapped anew in the place of what they were, in one transaction.
///
/// # Errors
/// Those of the database, and [`Error::NotFound`] for a key that is not there.
pub async fn replace(store: &Store, keys: &[WrappedKey]) -> Result<()> {
    let Some(first) = keys.first() else { return Ok(()) };
    let mut tx = store.begin_keyless(TenantId::from_bytes(first.tenant)).await?;
    for key in keys {
        let tenant = TenantId::from_bytes(key.tenant);
        enter(&mut tx.conn, tenant).await?;
        let done = execute!(
            tx,
            "UPDATE tenant_key SET provider_key = $3, wrapped = $4 WHERE tenant = $1 AND version = $2",
            tenant.uuid(),
            i64::from(key.version),
            key.provider_key_id.as_str(),
            key.bytes.as_slice()
        )?;
        if done != 1 {
            store.undo(tx).await;
            return Err(Error::NotFound);
        }
    }
    store.commit_quietly(tx, Quiet::Rewrapped).await
}
