//! What a tenant asks of its product's events: what of them is never stored, and how they have to look.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bailiwick_domain::{
    entity::{EventRules, EventSchema},
    ids::{EventSchemaId, TenantId},
    redaction::Redaction,
    rule::Rule,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Permit, Result, Store, Written,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

/// Tenants whose settings are kept in memory at most.
const LIMIT: usize = 1024;

/// Everything that is asked of a tenant's events.
#[derive(Clone, Debug)]
pub struct Intake {
    /// Grows with every change; nothing was ever changed at 0.
    pub revision: i64,
    /// What is never stored.
    pub redaction: Redaction,
    /// How events have to look, by action.
    pub schemas: Vec<EventSchema>,
}

/// Settings that were read, by tenant. Whatever is done by them looks at their revision in its own transaction.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<TenantId, Arc<Intake>>>);

impl Cache {
    fn find(&self, tenant: TenantId) -> Option<Arc<Intake>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn learn(&self, tenant: TenantId, intake: &Arc<Intake>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= LIMIT && !known.contains_key(&tenant) {
            known.clear();
        }
        known.insert(tenant, Arc::clone(intake));
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }
}

#[derive(FromRow)]
struct SchemaRow {
    #[sqlx(try_from = "Uuid")]
    id: EventSchemaId,
    action: String,
    schema: String,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
}

impl From<SchemaRow> for EventSchema {
    fn from(row: SchemaRow) -> Self {
        Self { id: row.id, action: row.action, schema: row.schema, created_at: row.created_at }
    }
}

/// The settings of the permit's tenant, from memory where they were read before: see [`Intake::revision`].
pub async fn remembered<R: Rule>(store: &Store, permit: &Permit<R>) -> Result<Arc<Intake>> {
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    if let Some(known) = store.shared.intake.find(tenant) {
        return Ok(known);
    }
    let intake = Arc::new(find(&mut store.read(permit).await?).await?);
    store.shared.intake.learn(tenant, &intake);
    Ok(intake)
}

/// The settings of the tenant.
pub async fn find(scope: &mut impl Scope) -> Result<Intake> {
    let tenant = scope.tenant();
    let found: Option<(i64, String, String)> =
        row!(scope, "SELECT revision, rules, detectors FROM event_intake WHERE tenant = $1", tenant.uuid())?;
    let (revision, redaction) = match found {
        None => (0, Redaction::default()),
        Some((revision, rules, detectors)) => (revision, redaction(&rules, &detectors)?),
    };
    let schemas = schemas(scope).await?;
    Ok(Intake { revision, redaction, schemas })
}

/// How often the settings of the tenant were changed.
pub(crate) async fn revision(scope: &mut impl Scope) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> =
        row!(scope, "SELECT revision FROM event_intake WHERE tenant = $1", tenant.uuid())?;
    Ok(found.map_or(0, |(revision,)| revision))
}

/// The schemas of the tenant, by action.
pub async fn schemas(scope: &mut impl Scope) -> Result<Vec<EventSchema>> {
    let tenant = scope.tenant();
    let rows: Vec<SchemaRow> = rows!(
        scope,
        "SELECT id, action, schema, created_at FROM event_schema WHERE tenant = $1 ORDER BY action",
        tenant.uuid()
    )?;
    Ok(rows.into_iter().map(EventSchema::from).collect())
}

/// One schema.
pub async fn schema(scope: &mut impl Scope, id: EventSchemaId) -> Result<EventSchema> {
    let tenant = scope.tenant();
    let row: Option<SchemaRow> = row!(
        scope,
        "SELECT id, action, schema, created_at FROM event_schema WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.ok_or(Error::NotFound)?.into())
}

fn redaction(rules: &str, detectors: &str) -> Result<Redaction> {
    let corrupt = |column: &str| Error::Corrupt(format!("event_intake.{column}"));
    Ok(Redaction {
        rules: Redaction::rules(rules).map_err(|_| corrupt("rules"))?,
        detectors: detectors
            .split_whitespace()
            .map(|name| name.parse().map_err(|_| corrupt("detectors")))
            .collect::<Result<_>>()?,
    })
}

/// Reads the rules for changing them or a schema: whoever changes either meets here.
pub async fn lock(tx: &mut Tx) -> Result<EventRules> {
    let tenant = tx.tenant();
    let none = Redaction::default();
    execute!(
        tx,
        "INSERT INTO event_intake (tenant, revision, rules, detectors) VALUES ($1, 0, $2, $3) ON CONFLICT (tenant) DO NOTHING",
        tenant.uuid(),
        none.text(),
        names(&none)
    )?;
    let (rules, detectors): (String, String) =
        locked!(tx, "SELECT rules, detectors FROM event_intake WHERE tenant = $1", tenant.uuid())?;
    Ok(EventRules { id: tenant, redaction: redaction(&rules, &detectors)? })
}

/// Replaces the locked rules.
pub async fn replace(tx: &mut Tx, before: EventRules, after: EventRules) -> Result<Written<EventRules>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE event_intake SET revision = revision + 1, rules = $2, detectors = $3 WHERE tenant = $1",
        tenant.uuid(),
        after.redaction.text(),
        names(&after.redaction)
    )?;
    tx.shared.intake.forget(tenant);
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

fn names(redaction: &Redaction) -> String {
    redaction.detectors.iter().map(|detector| detector.name()).collect::<Vec<_>>().join(" ")
}

/// Registers a schema; the rules are locked.
pub async fn insert_schema(tx: &mut Tx, schema: EventSchema) -> Result<Written<EventSchema>> {
    let tenant = tx.tenant();
    execute!(
        tx,
        "INSERT INTO event_schema (tenant, id, action, schema, created_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        schema.id.uuid(),
        schema.action.as_str(),
        schema.schema.as_str(),
        schema.created_at.micros()
    )?;
    changed(tx).await?;
    Ok(Written::created(schema))
}

/// Replaces what a schema says; the rules are locked.
pub async fn replace_schema(
    tx: &mut Tx,
    before: EventSchema,
    after: EventSchema,
) -> Result<Written<EventSchema>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE event_schema SET schema = $3 WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        before.id.uuid(),
        after.schema.as_str()
    )?;
    changed(tx).await?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Removes a schema; the rules are locked.
pub async fn remove_schema(tx: &mut Tx, schema: EventSchema) -> Result<Written<EventSchema>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "DELETE FROM event_schema WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        schema.id.uuid()
    )?;
    changed(tx).await?;
    if touched == 1 { Ok(Written::removed(schema)) } else { Err(Error::NotFound) }
}

async fn changed(tx: &mut Tx) -> Result<()> {
    let tenant = tx.tenant();
    execute!(tx, "UPDATE event_intake SET revision = revision + 1 WHERE tenant = $1", tenant.uuid())?;
    tx.shared.intake.forget(tenant);
    Ok(())
}

/// Forgets what was read: it turned out to be older than what is stored.
pub(crate) fn forget(store: &Store, tenant: TenantId) {
    store.shared.intake.forget(tenant);
}
