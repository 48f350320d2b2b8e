//! How the tests of integrations went.

use bailiwick_domain::{
    entity::{IntegrationFault, IntegrationHealth},
    ids::IntegrationId,
    time::Timestamp,
};
use sqlx::FromRow;

use crate::{
    Error, Result, Written,
    lock::{execute, row},
    tx::{Scope, Tx},
};

#[derive(FromRow)]
struct Row {
    tests: i64,
    begun_at: i64,
    tested_at: Option<i64>,
    fault: Option<String>,
    failures: i64,
}

/// The stored class of a fault.
pub(super) fn fault(stored: Option<String>) -> Result<Option<IntegrationFault>> {
    let parsed = stored.map(|name| name.parse::<IntegrationFault>()).transpose();
    parsed.map_err(|_| Error::Corrupt("integration_health.fault".into()))
}

/// How the tests of an integration went; nothing where there was none.
pub async fn health(scope: &mut impl Scope, id: IntegrationId) -> Result<Option<IntegrationHealth>> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT tests, begun_at, tested_at, fault, failures FROM integration_health WHERE tenant = $1 AND integration = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found
        .map(|row| {
            Ok(IntegrationHealth {
                integration: id,
                tests: row.tests,
                begun_at: Timestamp::from_micros(row.begun_at),
                tested_at: row.tested_at.map(Timestamp::from_micros),
                fault: fault(row.fault)?,
                failures: row.failures,
            })
        })
        .transpose()
}

/// Notes that a test of a locked integration begins, and when the server begins the next one by itself.
pub async fn running(
    tx: &mut Tx,
    id: IntegrationId,
    next_at: Timestamp,
) -> Result<Written<IntegrationHealth>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let before = health(tx, id).await?;
    let after = match &before {
        Some(before) => {
            IntegrationHealth { tests: before.tests + 1, begun_at: now, tested_at: None, ..before.clone() }
        }
        None => IntegrationHealth {
            integration: id,
            tests: 1,
            begun_at: now,
            tested_at: None,
            fault: None,
            failures: 0,
        },
    };
    execute!(
        tx,
        "UPDATE integration SET due_at = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid(),
        next_at.micros()
    )?;
    write(tx, &after).await?;
    Ok(match before {
        Some(before) => Written::replaced(before, after),
        None => Written::created(after),
    })
}

/// Notes how the test with this number of a locked integration ended. Another one that began since keeps its place.
pub async fn ran(
    tx: &mut Tx,
    id: IntegrationId,
    number: i64,
    fault: Option<IntegrationFault>,
) -> Result<Written<IntegrationHealth>> {
    let now = tx.now();
    let before = health(tx, id).await?.ok_or(Error::NotFound)?;
    if before.tests != number {
        return Err(Error::Conflict("Another test has begun since."));
    }
    let failures = if fault.is_some() { before.failures + 1 } else { 0 };
    let after = IntegrationHealth { tested_at: Some(now), fault, failures, ..before.clone() };
    write(tx, &after).await?;
    Ok(Written::replaced(before, after))
}

/// Forgets how the tests of a locked integration went, which is about to go; nothing where there was none.
pub async fn drop_health(tx: &mut Tx, id: IntegrationId) -> Result<Option<Written<IntegrationHealth>>> {
    let tenant = tx.tenant();
    let before = health(tx, id).await?;
    execute!(
        tx,
        "DELETE FROM integration_health WHERE tenant = $1 AND integration = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(before.map(Written::removed))
}

async fn write(tx: &mut Tx, after: &IntegrationHealth) -> Result<()> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO integration_health (tenant, integration, tests, begun_at, tested_at, fault, failures) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant, integration) DO UPDATE SET tests = excluded.tests, begun_at = excluded.begun_at,
                                                         tested_at = excluded.tested_at, fault = excluded.fault, failures = excluded.failures",
        tenant.uuid(),
        after.integration.uuid(),
        after.tests,
        after.begun_at.micros(),
        after.tested_at.map(Timestamp::micros),
        after.fault.map(IntegrationFault::name),
        after.failures
    )?;
    Ok(())
}
