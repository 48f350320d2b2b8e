//! One-time codes for sensitive changes: stored by a keyed hash, where the person who asked is at home.
//!
//! The way of a sensitive change: [`Store::rehearse`](crate::Store::rehearse) gives a [`Planned`], whose digest [`insert`] binds
//! to a code, which [`answer`] turns into an [`Approved`](crate::Approved), with which
//! [`Store::change_approved`](crate::Store::change_approved) runs the change and compares what it writes. No step takes a digest
//! from its caller.

mod answer;
mod planned;

use bailiwick_domain::{
    entity::{SensitiveAction, StepUp},
    ids::{SessionId, StepUpId, TenantId, UserId},
    rule::{SeekApproval, Sensitive},
    time::{Span, Timestamp},
};
use bailiwick_vault::step_up::Code;
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    Actor, Error, Permit, Result, Written,
    lock::{execute, locked, row, rows},
    tx::{Scope, Tx},
};

pub use answer::{Verdict, answer};
pub use planned::{Planned, PlannedEvent};
pub(crate) use planned::{check, plan};

/// Wrong answers that a code survives, less one.
pub const TRIES: i64 = 5;
/// How long a code works.
pub const LASTS: Span = Span::minutes(10);

#[derive(FromRow)]
struct Row {
    #[sqlx(try_from = "Uuid")]
    id: StepUpId,
    #[sqlx(try_from = "Uuid")]
    user_id: UserId,
    #[sqlx(try_from = "Uuid")]
    session: SessionId,
    #[sqlx(try_from = "String")]
    action: SensitiveAction,
    #[sqlx(try_from = "Uuid")]
    target: TenantId,
    entity_type: String,
    entity_id: Uuid,
    digest: Vec<u8>,
    tries_left: i64,
    #[sqlx(try_from = "i64")]
    created_at: Timestamp,
    #[sqlx(try_from = "i64")]
    expires_at: Timestamp,
    used_at: Option<i64>,
}

impl From<Row> for StepUp {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            session: row.session,
            action: row.action,
            target: row.target,
            entity_type: row.entity_type,
            entity_id: row.entity_id,
            digest: hex::encode(row.digest),
            tries_left: row.tries_left,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at.map(Timestamp::from_micros),
        }
    }
}

/// Stores what was asked for beside the hash of its code, for the person and session of `asker`.
pub async fn insert<R: Sensitive>(
    tx: &mut Tx,
    asker: &Permit<SeekApproval>,
    id: StepUpId,
    planned: &Planned<R>,
    code: &Code,
) -> Result<Written<StepUp>> {
    let Actor::User { id: user, session, .. } = *asker.actor() else { return Err(Error::Unapproved) };
    let (tenant, now) = (tx.tenant(), tx.now());
    let asked = StepUp {
        id,
        user,
        session,
        action: R::ACTION,
        target: planned.target,
        entity_type: planned.entity_type().to_owned(),
        entity_id: planned.entity_id(),
        digest: hex::encode(planned.digest),
        tries_left: TRIES,
        created_at: now,
        expires_at: now + LASTS,
        used_at: None,
    };
    let hash = tx.shared.keys.directory.code_tag(&tenant.bytes(), &id.bytes(), code);
    execute!(
        tx,
        "INSERT INTO step_up (tenant, id, user_id, session, action, target, entity_type, entity_id, digest, code_hash, tries_left, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.uuid(),
        id.uuid(),
        user.uuid(),
        session.uuid(),
        asked.action.name(),
        asked.target.uuid(),
        asked.entity_type.as_str(),
        asked.entity_id,
        &planned.digest[..],
        &hash[..],
        asked.tries_left,
        asked.created_at.micros(),
        asked.expires_at.micros()
    )?;
    Ok(Written::created(asked))
}

/// How many codes a person has asked for since `since`.
pub async fn asked_since(scope: &mut impl Scope, user: UserId, since: Timestamp) -> Result<i64> {
    let tenant = scope.tenant();
    let count: Option<(i64,)> = row!(
        scope,
        "SELECT count(*) FROM step_up WHERE tenant = $1 AND user_id = $2 AND created_at > $3",
        tenant.uuid(),
        user.uuid(),
        since.micros()
    )?;
    Ok(count.map_or(0, |(n,)| n))
}

/// A person's codes that still work, oldest first. Whoever is about to change them has locked the person.
pub async fn open_of(scope: &mut impl Scope, user: UserId) -> Result<Vec<StepUp>> {
    let (tenant, now) = (scope.tenant(), scope.now());
    let rows: Vec<Row> = rows!(
        scope,
        "SELECT id, user_id, session, action, target, entity_type, entity_id, digest, tries_left, created_at, expires_at, used_at FROM step_up
         WHERE tenant = $1 AND user_id = $2 AND used_at IS NULL AND tries_left > 0 AND expires_at > $3 ORDER BY created_at, id",
        tenant.uuid(),
        user.uuid(),
        now.micros()
    )?;
    Ok(rows.into_iter().map(StepUp::from).collect())
}

/// Ends a code before its time, because another one takes its place.
pub async fn supersede(tx: &mut Tx, before: StepUp) -> Result<Written<StepUp>> {
    let now = tx.now();
    let after = StepUp { expires_at: now, ..before.clone() };
    replace(tx, before, after).await
}

/// Reads a request for a code for changing.
async fn lock(tx: &mut Tx, id: StepUpId) -> Result<StepUp> {
    let tenant = tx.tenant();
    let row: Row = locked!(
        tx,
        "SELECT id, user_id, session, action, target, entity_type, entity_id, digest, tries_left, created_at, expires_at, used_at FROM step_up WHERE tenant = $1 AND id = $2",
        tenant.uuid(),
        id.uuid()
    )?;
    Ok(row.into())
}

/// Replaces a locked request that was not used yet by its new image.
async fn replace(tx: &mut Tx, before: StepUp, after: StepUp) -> Result<Written<StepUp>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE step_up SET tries_left = $3, expires_at = $4, used_at = $5 WHERE tenant = $1 AND id = $2 AND used_at IS NULL",
        tenant.uuid(),
        before.id.uuid(),
        after.tries_left,
        after.expires_at.micros(),
        after.used_at.map(Timestamp::micros)
    )?;
    if touched == 1 { Ok(Written::replaced(before, after)) } else { Err(Error::NotFound) }
}
