//! Integrations: what is shown of them, their sealed configurations, and how their tests went.

mod change;
mod health;

use bailiwick_domain::{
    entity::{Integration, IntegrationHealth, IntegrationProvider},
    ids::{IntegrationId, TenantId, UserId},
    time::Timestamp,
};
use bailiwick_vault::secret::Plaintext;
use sqlx::FromRow;
use uuid::Uuid;

pub use change::{MOST, count, insert, is_named, lock, remove, replace, tag, toggle};
pub use health::{drop_health, health, ran, running};

use crate::{
    Error, Result, Store,
    conn::on,
    lock::{row, rows},
    mail::find_tenants,
    page::LIMIT,
    sealed::{self, Cell},
    tx::Scope,
};

/// Tenants that one round of the job looks at.
const TENANTS: i64 = 64;

/// An integration with how its tests went.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The integration.
    pub integration: Integration,
    /// How its tests went; nothing where there was none.
    pub health: Option<IntegrationHealth>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: IntegrationId,
    name: String,
    #[sqlx(try_from = "String")]
    provider: IntegrationProvider,
    enabled: i64,
    revision: i64,
    origin: String,
    configuration: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    changed_at: Timestamp,
    changed_by: Option<Uuid>,
    tests: Option<i64>,
    begun_at: Option<i64>,
    tested_at: Option<i64>,
    fault: Option<String>,
    failures: Option<i64>,
}

impl TryFrom<Row> for Listed {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        let health = match (row.tests, row.begun_at, row.failures) {
            (Some(tests), Some(begun_at), Some(failures)) => Some(IntegrationHealth {
                integration: row.id,
                tests,
                begun_at: Timestamp::from_micros(begun_at),
                tested_at: row.tested_at.map(Timestamp::from_micros),
                fault: health::fault(row.fault)?,
                failures,
            }),
            _ => None,
        };
        let integration = Integration {
            id: row.id,
            name: row.name,
            provider: row.provider,
            enabled: row.enabled == 1,
            revision: row.revision,
            origin: row.origin,
            configuration: row.configuration,
            created_at: row.created_at,
            changed_at: row.changed_at,
            changed_by: row.changed_by.map(UserId::from),
        };
        Ok(Self { integration, health })
    }
}

/// The tenant's integrations by name, behind this one, and the name that the next page begins behind.
pub async fn list(scope: &mut impl Scope, after: Option<&str>) -> Result<(Vec<Listed>, Option<String>)> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT i.id, i.name, i.provider, i.enabled, i.revision, i.origin, i.configuration, i.created_at, i.changed_at, i.changed_by,
                h.tests, h.begun_at, h.tested_at, h.fault, h.failures
         FROM integration i LEFT JOIN integration_health h ON h.tenant = i.tenant AND h.integration = i.id
         WHERE i.tenant = $1 AND i.name > $2 ORDER BY i.name LIMIT $3",
        tenant.uuid(),
        after.unwrap_or_default(),
        LIMIT + 1
    )?;
    let mut listed = found.into_iter().map(Listed::try_from).collect::<Result<Vec<_>>>()?;
    let shown = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let more = listed.len() > shown;
    listed.truncate(shown);
    let next = listed.last().filter(|_| more).map(|last| last.integration.name.clone());
    Ok((listed, next))
}

/// One integration.
pub async fn find(scope: &mut impl Scope, id: IntegrationId) -> Result<Listed> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT i.id, i.name, i.provider, i.enabled, i.revision, i.origin, i.configuration, i.created_at, i.changed_at, i.changed_by,
                h.tests, h.begun_at, h.tested_at, h.fault, h.failures
         FROM integration i LEFT JOIN integration_health h ON h.tenant = i.tenant AND h.integration = i.id
         WHERE i.tenant = $1 AND i.id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.ok_or(Error::NotFound)?.try_into()
}

/// What an integration is configured with, as it was sealed.
pub async fn configuration(scope: &mut impl Scope, id: IntegrationId) -> Result<Plaintext> {
    let tenant = scope.tenant();
    let found: Option<(Vec<u8>,)> = row!(
        scope,
        "SELECT sealed FROM integration WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    let (sealed,) = found.ok_or(Error::NotFound)?;
    sealed::open(scope, cell(&id.bytes()), sealed).await
}

/// The tenants that are served and have integrations due for a test, up to a bound.
pub async fn tenants_due(store: &Store) -> Result<Vec<TenantId>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let now = store.now();
    let ids: Vec<(Uuid,)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT DISTINCT i.tenant FROM integration i JOIN tenant t ON t.id = i.tenant
             WHERE i.enabled = 1 AND i.due_at <= $1 AND t.status = 'active' LIMIT $2",
        )
        .bind(now.micros())
        .bind(TENANTS)
        .fetch_all(c)
        .await
    })?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// The tenant's integrations that are due for a test, those first that waited longest.
pub async fn due(scope: &mut impl Scope, most: i64) -> Result<Vec<IntegrationId>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let ids: Vec<(Uuid,)> = rows!(
        scope,
        "SELECT id FROM integration WHERE tenant = $1 AND enabled = 1 AND due_at <= $2 ORDER BY due_at, id LIMIT $3",
        tenant.uuid(),
        now.micros(),
        most
    )?;
    Ok(ids.into_iter().map(|(id,)| id.into()).collect())
}

/// Where a configuration lies.
const fn cell(row: &[u8; 16]) -> Cell<'_> {
    Cell { table: "integration", row, column: "sealed" }
}
