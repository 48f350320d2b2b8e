//! Records that the other side of a stream does not take.

use bailiwick_domain::{
    entity::{DeadLetter, StreamFault},
    ids::{EventId, StreamId},
    rule::ByJob,
    time::Timestamp,
};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Claimed, fault, settle::quietly};
use crate::{
    Error, Permit, Result, Store, Written,
    lock::{execute, rows},
    page::LIMIT,
    tx::{Scope, Tx},
};

/// A record that was left behind.
#[derive(Clone, Debug)]
pub struct Dead {
    /// Its place in the tree.
    pub leaf_index: i64,
    /// The record.
    pub event: EventId,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last.
    pub fault: Option<StreamFault>,
    /// When it was left behind.
    pub at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    leaf_index: i64,
    event: Uuid,
    attempts: i64,
    fault: String,
    #[sqlx(try_from = "i64")]
    at: Timestamp,
}

/// A stream's dead letters before this place in the tree, the last ones first, and where the page after begins.
pub async fn dead_letters(
    scope: &mut impl Scope,
    id: StreamId,
    before: Option<i64>,
) -> Result<(Vec<Dead>, Option<i64>)> {
    let tenant = scope.tenant();
    let found: Vec<Row> = rows!(
        scope,
        "SELECT leaf_index, event, attempts, fault, at FROM audit_stream_dead WHERE tenant = $1 AND stream = $2 AND leaf_index < $3
         ORDER BY leaf_index DESC LIMIT $4",
        tenant.uuid(),
        id.uuid(),
        before.unwrap_or(i64::MAX),
        LIMIT + 1
    )?;
    let most = usize::try_from(LIMIT).unwrap_or(usize::MAX);
    let more = found.len() > most;
    let dead = found.into_iter().take(most).map(|row| {
        Ok::<_, Error>(Dead {
            leaf_index: row.leaf_index,
            event: row.event.into(),
            attempts: row.attempts,
            fault: fault(Some(row.fault))?,
            at: row.at,
        })
    });
    let dead = dead.collect::<Result<Vec<_>>>()?;
    let next = if more { dead.last().map(|one| one.leaf_index) } else { None };
    Ok((dead, next))
}

/// Leaves a record behind, and moves its stream on.
///
/// # Errors
/// [`Error::Busy`] where another took the stream meanwhile.
pub async fn bury(tx: &mut Tx, claimed: &Claimed, letter: DeadLetter) -> Result<Written<DeadLetter>> {
    let tenant = tx.tenant();
    let touched = execute!(
        tx,
        "UPDATE audit_stream SET next_leaf = $4, planned_upto = NULL, planned_size = NULL, leased_until = 0, attempts = 0, failing_since = NULL,
                                 dead_in_a_row = dead_in_a_row + 1, next_attempt_at = $5
         WHERE tenant = $1 AND id = $2 AND claims = $3",
        tenant.uuid(),
        letter.stream.uuid(),
        claimed.claim,
        letter.leaf_index + 1,
        letter.at.micros()
    )?;
    if touched == 0 {
        return Err(Error::Busy);
    }
    execute!(
        tx,
        "INSERT INTO audit_stream_dead (tenant, stream, leaf_index, event, attempts, fault, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant, stream, leaf_index) DO UPDATE SET attempts = excluded.attempts, fault = excluded.fault, at = excluded.at",
        tenant.uuid(),
        letter.stream.uuid(),
        letter.leaf_index,
        letter.event.uuid(),
        letter.attempts,
        letter.fault.name(),
        letter.at.micros()
    )?;
    Ok(Written::created(letter))
}

/// As [`bury`], without a record: of the records that tell of dead letters, which would make others for ever.
pub async fn bury_quietly(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    letter: DeadLetter,
) -> Result<()> {
    quietly(store, permit, async |tx| bury(tx, claimed, letter).await.map(drop)).await
}
