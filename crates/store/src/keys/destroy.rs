//! Destructions of keys: asked for, called off, done.

use bailiwick_domain::{
    entity::{DestructionState, Entity, KeyDestruction},
    ids::{KeyDestructionId, TenantId},
    time::{Span, Timestamp},
};
use bailiwick_proof::event::id_of;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Error, Result, Store, Written,
    audit::{entity_history, subject::of_record},
    conn::on,
    lock::{execute, locked, row, rows},
    mail::find_tenants,
    tx::{Scope, Tx},
};

/// Destructions that are listed, and tenants in one answer.
const LISTED: i64 = 100;

/// A destruction with its times.
#[derive(Clone, Debug)]
pub struct Destruction {
    /// The destruction.
    pub destruction: KeyDestruction,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When the keys go, or went at the earliest.
    pub due_at: Timestamp,
    /// When it was done or called off.
    pub settled_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: KeyDestructionId,
    version: i64,
    #[sqlx(try_from = "String")]
    state: DestructionState,
    reason: String,
    waits_days: i64,
    root_key: Option<String>,
    created_at: i64,
    due_at: i64,
    settled_at: Option<i64>,
}

impl TryFrom<Row> for Destruction {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            destruction: KeyDestruction {
                id: row.id,
                version: row.version,
                state: row.state,
                reason: row.reason,
                waits_days: row.waits_days,
                destroyed: (row.state == DestructionState::Done).then_some(row.version),
                root_key: row.root_key,
            },
            created_at: Timestamp::from_micros(row.created_at),
            due_at: Timestamp::from_micros(row.due_at),
            settled_at: row.settled_at.map(Timestamp::from_micros),
        })
    }
}

/// How often destructions of this version were asked for.
pub async fn times_asked(scope: &mut impl Scope, version: i64) -> Result<i64> {
    let tenant = scope.tenant();
    let found: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM key_destruction WHERE tenant = $1 AND version = $2",
        tenant.uuid(),
        version
    )?;
    Ok(found.map_or(0, |(count,)| count))
}

/// Stores a destruction that waits from now on. The policy is locked.
///
/// Its id follows from the organisation, the version and how often it was asked for, so that a code which approves it is for this very one.
pub async fn request(
    tx: &mut Tx,
    version: i64,
    reason: &str,
    waits_days: i64,
) -> Result<Written<KeyDestruction>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let name = format!("{tenant}/{version}/{}", times_asked(tx, version).await?);
    let destruction = KeyDestruction {
        id: KeyDestructionId::from_bytes(id_of(KeyDestruction::KIND, &name)),
        version,
        state: DestructionState::Waiting,
        reason: reason.to_owned(),
        waits_days,
        destroyed: None,
        root_key: None,
    };
    execute!(
        tx,
        "INSERT INTO key_destruction (tenant, id, version, state, reason, waits_days, root_key, created_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)",
        tenant.uuid(),
        destruction.id.uuid(),
        version,
        destruction.state.name(),
        reason,
        waits_days,
        now.micros(),
        (now + Span::days(waits_days)).micros()
    )?;
    Ok(Written::created(destruction))
}

/// Every destruction, newest first, up to a hundred.
pub async fn destructions(scope: &mut impl Scope) -> Result<Vec<Destruction>> {
    let tenant = scope.tenant();
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, version, state, reason, waits_days, root_key, created_at, due_at, settled_at
         FROM key_destruction WHERE tenant = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        tenant.uuid(),
        LISTED
    )?;
    rows.into_iter().map(Destruction::try_from).collect()
}

/// One destruction.
pub async fn find_destruction(scope: &mut impl Scope, id: KeyDestructionId) -> Result<Destruction> {
    let tenant = scope.tenant();
    let found: Option<Row> = row!(
        scope,
        "SELECT id, version, state, reason, waits_days, root_key, created_at, due_at, settled_at
         FROM key_destruction WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.ok_or(Error::NotFound)?.try_into()
}

/// Reads a destruction for settling it.
pub async fn lock_destruction(tx: &mut Tx, id: KeyDestructionId) -> Result<Destruction> {
    let tenant = tx.tenant();
    let found: Row = locked!(
        tx,
        "SELECT id, version, state, reason, waits_days, root_key, created_at, due_at, settled_at
         FROM key_destruction WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    found.try_into()
}

/// Replaces a locked destruction that waits by what became of it.
pub async fn settle(
    tx: &mut Tx,
    before: KeyDestruction,
    after: KeyDestruction,
) -> Result<Written<KeyDestruction>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE key_destruction SET state = $3, root_key = $4, settled_at = $5 WHERE tenant = $1 AND id = $2 AND state = 'waiting'",
        tenant.uuid(),
        before.id.uuid(),
        after.state.name(),
        after.root_key.as_deref(),
        now.micros()
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}

/// Destroys a version: from the commit on nothing that is sealed under it can be opened with this database.
///
/// The policy is locked. Whoever calls it records that it was done, and has this server forget the key afterwards; the others
/// learn of it.
pub async fn destroy(tx: &mut Tx, version: i64) -> Result<()> {
    let tenant = tx.tenant();
    let touched =
        execute!(tx, "DELETE FROM tenant_key WHERE tenant = $1 AND version = $2", tenant.uuid(), version)?;
    if touched == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Lets this server forget a tenant's keys; those that are left come back when they are needed.
pub fn forget(store: &Store, tenant: TenantId) {
    store.keys().keyring.forget(&tenant.bytes());
}

/// The text of the certificate of a destruction that was done, the same whenever it is asked for; nothing until a checkpoint covers its
/// record.
///
/// # Errors
/// [`Error::NotFound`] for one that was not done, [`Error::Proof`] where its record was altered.
pub async fn certificate(scope: &mut impl Scope, id: KeyDestructionId) -> Result<Option<String>> {
    if find_destruction(scope, id).await?.destruction.state != DestructionState::Done {
        return Err(Error::NotFound);
    }
    let history = entity_history(scope, KeyDestruction::KIND, id.uuid(), None).await?;
    let done = history.iter().find(|record| record.listed.action == "key_destruction.done");
    let Some(record) = done else { return Ok(None) };
    of_record(scope, record.listed.event).await
}

/// Destructions whose time has come, in whatever tenant.
pub async fn destructions_due(store: &Store, now: Timestamp) -> Result<Vec<(TenantId, KeyDestructionId)>> {
    let mut conn = store.shared.pool.read().await?;
    find_tenants(&mut conn).await?;
    let found: Vec<(Uuid, Uuid)> = on!(conn, |c| {
        sqlx::query_as(
            "SELECT tenant, id FROM key_destruction WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT $2",
        )
        .bind(now.micros())
        .bind(LISTED)
        .fetch_all(c)
        .await
    })?;
    Ok(found.into_iter().map(|(tenant, id)| (tenant.into(), id.into())).collect())
}
