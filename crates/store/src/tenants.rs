//! Tenants. Their policies stand in [`policies`](crate::policies).

use bailiwick_domain::{
    entity::{Tenant, TenantKind, TenantStatus},
    ids::TenantId,
    time::Timestamp,
};
use bailiwick_proof::tree::Frontier;
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

pub use crate::policies::{insert_policy, lock_policy, policy, replace_policy};
use crate::{
    Cursor, Error, Page, Result, Store, Written,
    conn::on,
    gate::Permit,
    keys::FreshKey,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tenant_keys,
    tx::{Scope, Tx},
};

#[derive(FromRow)]
pub(crate) struct Row {
    #[sqlx(try_from = "Uuid")]
    tenant_id: TenantId,
    slug: String,
    tenant_name: String,
    #[sqlx(try_from = "String")]
    kind: TenantKind,
    region: String,
    #[sqlx(try_from = "String")]
    tenant_status: TenantStatus,
    key_brand: String,
    #[sqlx(try_from = "i64")]
    tenant_created_at: Timestamp,
}

impl From<Row> for Tenant {
    fn from(row: Row) -> Self {
        Self {
            id: row.tenant_id,
            slug: row.slug,
            name: row.tenant_name,
            kind: row.kind,
            region: row.region,
            status: row.tenant_status,
            key_brand: row.key_brand,
            created_at: row.tenant_created_at,
        }
    }
}

/// Stores a tenant with its first key and an empty audit log. The transaction is already in the new tenant, and the key was made
/// before it began ([`keys::fresh`](crate::keys::fresh)).
pub async fn insert(tx: &mut Tx, tenant: Tenant, key: FreshKey) -> Result<Written<Tenant>> {
    if tenant.id != tx.tenant() {
        return Err(Error::NotFound);
    }
    execute!(
        tx,
        "INSERT INTO tenant (id, slug, name, kind, region, status, key_brand, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.id.uuid(),
        tenant.slug.as_str(),
        tenant.name.as_str(),
        tenant.kind.name(),
        tenant.region.as_str(),
        tenant.status.name(),
        tenant.key_brand.as_str(),
        tenant.created_at.micros()
    )?;
    tenant_keys::insert(tx, &key.wrapped).await?;
    // From here on the records of this very transaction seal personal values. Of a transaction that is undone nobody hears.
    tx.shared.keys.keyring.hold(key.key);
    let frontier = Frontier::new().to_bytes();
    execute!(
        tx,
        "INSERT INTO audit_tree (tenant, size, frontier, signed) VALUES ($1, 0, $2, 0)",
        tenant.id.uuid(),
        frontier.as_slice()
    )?;
    Ok(Written::created(tenant))
}

/// The tenant of the scope.
pub async fn find(scope: &mut impl Scope) -> Result<Tenant> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant WHERE id = $1",
        tenant.uuid()
    )?;
    Ok(row.ok_or(Error::NotFound)?.into())
}

/// Reads the scope's tenant for changing.
pub async fn lock(tx: &mut Tx) -> Result<Tenant> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant WHERE id = $1",
        tenant.uuid()
    )?;
    Ok(row.into())
}

/// Replaces the locked tenant by its new image.
pub async fn replace(tx: &mut Tx, before: Tenant, after: Tenant) -> Result<Written<Tenant>> {
    let touched = execute!(
        tx,
        "UPDATE tenant SET name = $2, status = $3 WHERE id = $1",
        before.id.uuid(),
        after.name.as_str(),
        after.status.name()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Every tenant, oldest first, for whoever holds a permit of the platform.
pub async fn list<R: bailiwick_domain::rule::Platform>(
    store: &Store,
    permit: &Permit<R>,
    after: Option<Cursor>,
) -> Result<Page<Tenant>> {
    let mut view = store.read(permit).await?;
    let after = after.unwrap_or(Cursor { at: Timestamp::from_micros(0), id: Uuid::nil() });
    let rows: Vec<Row> = rows!(
        view,
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant
         WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3",
        after.at.micros(),
        after.id,
        LIMIT + 1
    )?;
    Ok(Page::of(rows.into_iter().map(Tenant::from).collect(), LIMIT, |row: &Tenant| Cursor {
        at: row.created_at,
        id: row.id.uuid(),
    }))
}

/// Which tenants to list; every part narrows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Occurs in the name or the short name; letters beyond ASCII are compared as they are.
    pub text: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Served or suspended.
    pub status: Option<TenantStatus>,
}

/// The tenants that fit, oldest first, for whoever holds a permit of the platform.
pub async fn search<R: bailiwick_domain::rule::Platform>(
    store: &Store,
    permit: &Permit<R>,
    filter: &Filter,
    after: Option<Cursor>,
) -> Result<Page<Tenant>> {
    let mut view = store.read(permit).await?;
    let after = after.unwrap_or(Cursor { at: Timestamp::from_micros(0), id: Uuid::nil() });
    let text = filter.text.as_deref().unwrap_or_default().to_ascii_lowercase();
    let within = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let rows: Vec<Row> = rows!(
        view,
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant
         WHERE (created_at, id) > ($1, $2) AND (lower(name) LIKE $3 ESCAPE '\\' OR slug LIKE $3 ESCAPE '\\')
         AND ($4 IS NULL OR region = $4) AND ($5 IS NULL OR status = $5) ORDER BY created_at, id LIMIT $6",
        after.at.micros(),
        after.id,
        within.as_str(),
        filter.region.as_deref(),
        filter.status.map(TenantStatus::name),
        LIMIT + 1
    )?;
    Ok(Page::of(rows.into_iter().map(Tenant::from).collect(), LIMIT, |row: &Tenant| Cursor {
        at: row.created_at,
        id: row.id.uuid(),
    }))
}

/// Every tenant, for jobs and the command line.
pub(crate) async fn all(store: &Store) -> Result<Vec<Tenant>> {
    let mut conn = store.shared.pool.read().await?;
    let rows: Vec<Row> = on!(conn, |c| {
        sqlx::query_as(
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant ORDER BY created_at, id"
    )
    .fetch_all(c)
    .await
    })?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// The tenant of this short name or id, for the command line.
pub async fn named(store: &Store, text: &str) -> Result<Option<TenantId>> {
    let known = all(store).await?;
    let same = |tenant: &&Tenant| tenant.slug == text || tenant.id.to_string() == text;
    Ok(known.iter().find(same).map(|tenant| tenant.id))
}

/// The oldest tenant that names another region than `region`.
pub(crate) async fn outside(store: &Store, region: &str) -> Result<Option<Tenant>> {
    let mut conn = store.shared.pool.read().await?;
    let row: Option<Row> = on!(conn, |c| {
        sqlx::query_as(
        "SELECT id AS tenant_id, slug, name AS tenant_name, kind, region, status AS tenant_status, key_brand, created_at AS tenant_created_at FROM tenant
         WHERE region <> $1 ORDER BY created_at, id LIMIT 1"
    )
    .bind(region)
    .fetch_optional(c)
    .await
    })?;
    Ok(row.map(Tenant::from))
}

/// The tenant of the platform, if `init` has made it.
pub async fn platform(store: &Store) -> Result<Option<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    let id: Option<Uuid> = on!(conn, |c| sqlx::query_scalar(
        "SELECT id FROM tenant WHERE kind = 'platform' ORDER BY created_at LIMIT 1"
    )
    .fetch_optional(c)
    .await)?;
    Ok(id.map(TenantId::from))
}

/// The tenants in which a sign-in address, in lower case, has an account.
pub async fn of_address(store: &Store, email: &str) -> Result<Vec<TenantId>> {
    let tag = store.shared.keys.directory.address_tag(email);
    let mut conn = store.shared.pool.read().await?;
    let ids: Vec<Uuid> = on!(conn, |c| sqlx::query_scalar(
        "SELECT tenant FROM directory_address WHERE tag = $1 ORDER BY tenant LIMIT 16"
    )
    .bind(&tag[..])
    .fetch_all(c)
    .await)?;
    Ok(ids.into_iter().map(TenantId::from).collect())
}

/// The tenant of an API key.
pub(crate) async fn of_key(store: &Store, hash: &TokenHash) -> Result<Option<TenantId>> {
    let mut conn = store.shared.pool.glance().await?;
    let id: Result<Option<Uuid>, sqlx::Error> =
        on!(conn, |c| sqlx::query_scalar("SELECT tenant FROM directory_key WHERE hash = $1")
            .bind(&hash.as_bytes()[..])
            .fetch_optional(c)
            .await);
    Ok(conn.seen(id)?.map(TenantId::from))
}
