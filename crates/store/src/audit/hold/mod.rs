//! Legal holds: what may not be erased, neither on request nor by the retention.
//!
//! Whoever erases and whoever places a hold lock the tenant's policy first, which makes one of them wait for the other: after
//! that lock, what [`held`] says stays true until the transaction ends.

mod covers;

use bailiwick_domain::{
    entity::{AuditHold, HoldScope},
    ids::{AuditHoldId, UserId},
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

pub use covers::{Target, held};

use crate::{
    Cursor, Error, Page, Result, Written,
    lock::{execute, locked, row, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

/// Holds that stand at once at most; each of them is looked at before anything is erased.
pub const STANDING: i64 = 200;

/// A hold with when it was placed and lifted, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The hold.
    pub hold: AuditHold,
    /// Who placed it; nothing for the server itself.
    pub placed_by: Option<UserId>,
    /// When.
    pub placed_at: Timestamp,
    /// Who lifted it.
    pub lifted_by: Option<UserId>,
    /// When it was lifted; nothing while it stands.
    pub lifted_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: AuditHoldId,
    scope: String,
    person: Option<Uuid>,
    entity_type: Option<String>,
    entity_id: Option<Uuid>,
    from_at: Option<i64>,
    until_at: Option<i64>,
    action: Option<String>,
    reason: String,
    placed_by: Option<Uuid>,
    #[sqlx(try_from = "i64")]
    placed_at: Timestamp,
    lifted_by: Option<Uuid>,
    lifted_at: Option<i64>,
}

impl TryFrom<Row> for Hold {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let wrong = || Error::Corrupt("audit_hold.scope".into());
        let scope = match (row.scope.as_str(), row.person, row.entity_type, row.entity_id) {
            ("tenant", ..) => HoldScope::Tenant,
            ("person", Some(person), ..) => HoldScope::Person { person },
            ("entity", _, Some(entity_type), Some(entity_id)) => HoldScope::Entity { entity_type, entity_id },
            ("range", ..) => HoldScope::Range {
                from: row.from_at.map(Timestamp::from_micros),
                until: row.until_at.map(Timestamp::from_micros),
                action: row.action,
            },
            _ => return Err(wrong()),
        };
        Ok(Self {
            hold: AuditHold { id: row.id, scope, reason: row.reason, lifted: row.lifted_at.is_some() },
            placed_by: row.placed_by.map(UserId::from),
            placed_at: row.placed_at,
            lifted_by: row.lifted_by.map(UserId::from),
            lifted_at: row.lifted_at.map(Timestamp::from_micros),
        })
    }
}

/// Stores a hold that `by` places now.
///
/// # Errors
/// [`Error::Conflict`] for an id that another hold has.
pub async fn insert(tx: &mut Tx, hold: AuditHold, by: Option<UserId>) -> Result<Written<AuditHold>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let (mut person, mut entity, mut range) = (None, (None, None), (None, None, None));
    match &hold.scope {
        HoldScope::Tenant => {}
        HoldScope::Person { person: whose } => person = Some(*whose),
        HoldScope::Entity { entity_type, entity_id } => {
            entity = (Some(entity_type.as_str()), Some(*entity_id))
        }
        HoldScope::Range { from, until, action } => {
            range = (from.map(Timestamp::micros), until.map(Timestamp::micros), action.as_deref());
        }
    }
    execute!(
        tx,
        "INSERT INTO audit_hold (tenant, id, scope, person, entity_type, entity_id, from_at, until_at, action, reason, placed_by, placed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant.uuid(),
        hold.id.uuid(),
        hold.scope.name(),
        person,
        entity.0,
        entity.1,
        range.0,
        range.1,
        range.2,
        hold.reason.as_str(),
        by.map(UserId::uuid),
        now.micros()
    )?;
    Ok(Written::created(hold))
}

/// Reads a hold for lifting it.
pub async fn lock(tx: &mut Tx, id: AuditHoldId) -> Result<Hold> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, scope, person, entity_type, entity_id, from_at, until_at, action, reason, placed_by, placed_at, lifted_by, lifted_at
         FROM audit_hold WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.try_into()
}

/// Lifts a locked hold now.
pub async fn lift(tx: &mut Tx, before: AuditHold, by: Option<UserId>) -> Result<Written<AuditHold>> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE audit_hold SET lifted_by = $3, lifted_at = $4 WHERE tenant = $1 AND id = $2 AND lifted_at IS NULL",
        tenant.uuid(),
        before.id.uuid(),
        by.map(UserId::uuid),
        now.micros()
    )?;
    if touched != 1 {
        return Err(Error::NotFound);
    }
    let after = AuditHold { lifted: true, ..before.clone() };
    Ok(Written::replaced(before, after))
}

/// One hold.
pub async fn find(scope: &mut impl Scope, id: AuditHoldId) -> Result<Hold> {
    let tenant = scope.tenant();
    let row: Option<Row> = row!(
        scope,
        "SELECT id, scope, person, entity_type, entity_id, from_at, until_at, action, reason, placed_by, placed_at, lifted_by, lifted_at
         FROM audit_hold WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Every hold, lifted ones too, newest first.
pub async fn list(scope: &mut impl Scope, before: Option<Cursor>) -> Result<Page<Hold>> {
    let tenant = scope.tenant();
    let before = before.unwrap_or_else(Cursor::newest);
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, scope, person, entity_type, entity_id, from_at, until_at, action, reason, placed_by, placed_at, lifted_by, lifted_at
         FROM audit_hold WHERE tenant = $1 AND (placed_at, id) < ($2, $3) ORDER BY placed_at DESC, id DESC LIMIT $4",
        tenant.uuid(),
        before.at.micros(),
        before.id,
        LIMIT + 1
    )?;
    let holds = rows.into_iter().map(Hold::try_from).collect::<Result<Vec<_>>>()?;
    Ok(Page::of(holds, LIMIT, |hold| Cursor { at: hold.placed_at, id: hold.hold.id.uuid() }))
}

/// The holds that stand, oldest first.
pub async fn standing(scope: &mut impl Scope) -> Result<Vec<Hold>> {
    let tenant = scope.tenant();
    // One more than may stand: nothing is overlooked where there are too many.
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, scope, person, entity_type, entity_id, from_at, until_at, action, reason, placed_by, placed_at, lifted_by, lifted_at
         FROM audit_hold WHERE tenant = $1 AND lifted_at IS NULL ORDER BY placed_at, id LIMIT $2",
        tenant.uuid(),
        STANDING + 1
    )?;
    rows.into_iter().map(Hold::try_from).collect()
}
