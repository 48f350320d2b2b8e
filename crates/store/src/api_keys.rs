//! API keys: their records and hashes, never the keys.

use bailiwick_domain::{
    entity::{ApiKey, EXPIRING, KeyEnvironment},
    ids::{ApiKeyId, TenantId, UserId},
    time::Timestamp,
};
use bailiwick_vault::token::TokenHash;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Cursor, Error, Page, Result, Store, Written,
    conn::on,
    lock::{execute, locked, row, rows},
    mail::find_tenants,
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Tenants that one round of a job looks at.
const TENANTS: i64 = 256;
/// Keys that are replaced at once in one tenant and looked at in one round.
const ROTATING: i64 = 500;

#[derive(FromRow)]
pub(crate) struct Row {
    #[sqlx(try_from = "Uuid")]
    id: ApiKeyId,
    name: String,
    prefix: String,
    scopes: String,
    created_by: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    #[sqlx(try_from = "String")]
    environment: KeyEnvironment,
    networks: String,
    owner: Option<Uuid>,
    replaces: Option<Uuid>,
    rotating: i64,
}

impl TryFrom<Row> for ApiKey {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scopes: serde_json::from_str(&row.scopes).map_err(|_| Error::Corrupt("api_key.scopes".into()))?,
            environment: row.environment,
            networks: serde_json::from_str(&row.networks)
                .map_err(|_| Error::Corrupt("api_key.networks".into()))?,
            created_by: row.created_by.map(UserId::from),
            owner: row.owner.map(UserId::from),
            replaces: row.replaces.map(ApiKeyId::from),
            rotating: row.rotating == 1,
            created_at: row.created_at,
            expires_at: row.expires_at.map(Timestamp::from_micros),
            revoked_at: row.revoked_at.map(Timestamp::from_micros),
        })
    }
}

/// Stores a key's record beside the key's hash, and the way from the hash to the tenant.
pub async fn insert(tx: &mut Tx, key: ApiKey, hash: &TokenHash) -> Result<Written<ApiKey>> {
    let tenant = tx.tenant();
    let (scopes, networks) = (scopes(&key)?, networks(&key)?);
    execute!(
        tx,
        "INSERT INTO api_key (tenant, id, name, prefix, hash, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tenant.uuid(),
        key.id.uuid(),
        key.name.as_str(),
        key.prefix.as_str(),
        &hash.as_bytes()[..],
        scopes.as_str(),
        key.created_by.map(UserId::uuid),
        key.created_at.micros(),
        key.expires_at.map(Timestamp::micros),
        key.revoked_at.map(Timestamp::micros),
        key.environment.name(),
        networks.as_str(),
        key.owner.map(UserId::uuid),
        key.replaces.map(ApiKeyId::uuid),
        i64::from(key.rotating)
    )?;
    execute!(
        tx,
        "INSERT INTO directory_key (hash, tenant) VALUES ($1, $2)",
        &hash.as_bytes()[..],
        tenant.uuid()
    )?;
    Ok(Written::created(key))
}

/// One key's record.
pub async fn find(scope: &mut impl Scope, id: ApiKeyId) -> Result<ApiKey> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Keys, newest first.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<ApiKey>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let rows = rows.into_iter().map(ApiKey::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.created_at, id: row.id.uuid() }))
}

/// The keys of a maker that were not taken back, oldest first.
pub async fn unrevoked_of(scope: &mut impl Scope, maker: UserId) -> Result<Vec<ApiKey>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND created_by = $2 AND revoked_at IS NULL ORDER BY created_at, id",
        tenant.uuid(),
        maker.uuid()
    )?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Which keys to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that work, expiring or not.
    Working,
    /// Of these, those that need rotation because they end soon.
    Expiring,
    /// Those in whose place others were made, while they work.
    Rotating,
    /// Those whose time is over.
    Expired,
    /// Those that were taken back.
    Revoked,
}

/// How many keys there are of each.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Tally {
    /// Working.
    pub working: i64,
    /// Of these, ending soon.
    pub expiring: i64,
    /// Of these, being replaced.
    pub rotating: i64,
    /// Past their end.
    pub expired: i64,
    /// Taken back.
    pub revoked: i64,
}

/// Counts the keys.
pub async fn tally(scope: &mut impl Scope) -> Result<Tally> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let row: Option<Tally> = row!(
        scope,
        "SELECT
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)) AS working,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND rotating = 0 AND expires_at > $2 AND expires_at <= $3) AS expiring,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND rotating = 1 AND (expires_at IS NULL OR expires_at > $2)) AS rotating,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND expires_at <= $2) AS expired,
             (SELECT count(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NOT NULL) AS revoked",
        tenant.uuid(),
        now.micros(),
        (now + EXPIRING).micros()
    )?;
    row.ok_or(Error::NotFound)
}

/// Keys of one kind, newest first.
pub async fn list_of(scope: &mut impl Scope, which: Which, before: Option<Cursor>) -> Result<Page<ApiKey>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let before = before.unwrap_or_else(Cursor::newest);
    // Every number is bound in every text, so that all take the same values.
    let select = match which {
        Which::Expiring => {
            "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
             WHERE tenant = $1 AND revoked_at IS NULL AND rotating = 0 AND expires_at > $2 AND expires_at <= $6 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5"
        }
        Which::Rotating => {
            "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
             WHERE tenant = $1 AND revoked_at IS NULL AND rotating = 1 AND (expires_at IS NULL OR expires_at > $2) AND $6 > $2 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5"
        }
        Which::Working => {
            "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
             WHERE tenant = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) AND $6 > $2 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5"
        }
        Which::Expired => {
            "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
             WHERE tenant = $1 AND revoked_at IS NULL AND expires_at <= $2 AND $6 > $2 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5"
        }
        Which::Revoked => {
            "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
             WHERE tenant = $1 AND revoked_at IS NOT NULL AND created_at <= $2 AND $6 > $2 AND (created_at, id) < ($3, $4)
             ORDER BY created_at DESC, id DESC LIMIT $5"
        }
    };
    let soon = now + EXPIRING;
    let rows: Vec<Row> = rows!(
        scope,
        select,
        tenant.uuid(),
        now.micros(),
        before.at.micros(),
        before.id,
        LIMIT + 1,
        soon.micros()
    )?;
    let rows = rows.into_iter().map(ApiKey::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(rows, LIMIT, |row| Cursor { at: row.created_at, id: row.id.uuid() }))
}

/// The working keys that end first, for the security controls page.
pub async fn ending_first(scope: &mut impl Scope, limit: i64) -> Result<Vec<ApiKey>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY CASE WHEN expires_at IS NULL THEN 1 ELSE 0 END, expires_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        limit
    )?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Reads a key's record for changing.
pub async fn lock(tx: &mut Tx, id: ApiKeyId) -> Result<ApiKey> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.try_into()
}

/// Replaces a locked record by its new image. Name, prefix, maker and what it replaces stay what they are.
pub async fn replace(tx: &mut Tx, before: ApiKey, after: ApiKey) -> Result<Written<ApiKey>> {
    let tenant = tx.tenant();
    let (scopes, networks) = (scopes(&after)?, networks(&after)?);
    let touched = execute!(
        tx,
        "UPDATE api_key SET revoked_at = $3, expires_at = $4, scopes = $5, networks = $6, owner = $7, rotating = $8 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.revoked_at.map(Timestamp::micros),
        after.expires_at.map(Timestamp::micros),
        scopes.as_str(),
        networks.as_str(),
        after.owner.map(UserId::uuid),
        i64::from(after.rotating)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

fn scopes(key: &ApiKey) -> Result<String> {
    serde_json::to_string(&key.scopes).map_err(|_| Error::Corrupt("api_key.scopes".into()))
}

fn networks(key: &ApiKey) -> Result<String> {
    serde_json::to_string(&key.networks).map_err(|_| Error::Corrupt("api_key.networks".into()))
}

/// The keys that somebody answers for and did not make, oldest first.
pub async fn owned_by(scope: &mut impl Scope, owner: UserId) -> Result<Vec<ApiKey>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND owner = $2 AND (created_by IS NULL OR created_by <> $2) ORDER BY created_at, id",
        tenant.uuid(),
        owner.uuid()
    )?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// The newest key that was made in the place of this one and not taken back.
pub async fn successor(scope: &mut impl Scope, of: ApiKeyId) -> Result<Option<ApiKey>> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND replaces = $2 AND revoked_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 1",
        tenant.uuid(),
        of.uuid()
    )?;
    row.map(ApiKey::try_from).transpose()
}

/// The tenants with keys that are being replaced, up to a bound.
pub async fn tenants_rotating(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT tenant FROM api_key WHERE rotating = 1 AND revoked_at IS NULL LIMIT $1",
        )
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The keys that are being replaced, those that end first in front, up to a page of them.
pub async fn rotating(scope: &mut impl Scope) -> Result<Vec<ApiKey>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, environment, networks, owner, replaces, rotating FROM api_key
         WHERE tenant = $1 AND rotating = 1 AND revoked_at IS NULL ORDER BY expires_at, id LIMIT $2",
        tenant.uuid(),
        ROTATING
    )?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// The key with this hash.
pub async fn by_hash(scope: &mut impl Scope, hash: &TokenHash) -> Result<Option<ApiKeyId>> {
    let tenant = scope.tenant();
    let found: Option<(Uuid,)> = row!(
        scope,
        "SELECT id FROM api_key WHERE tenant = $1 AND hash = $2",
        tenant.uuid(),
        &hash.as_bytes()[..]
    )?;
    Ok(found.map(|(id,)| id.into()))
}
