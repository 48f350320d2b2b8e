//! What became of an attempt. Whoever was too slow, so that another took the stream meanwhile, settles nothing.

use bailiwick_domain::{entity::StreamFault, rule::ByJob, time::Timestamp};

use super::{Claimed, Work};
use crate::{
    Error, Permit, Result, Store,
    lock::execute,
    store::Quiet,
    tx::{Scope, Tx},
};

/// Moves a stream on: its parcel has arrived. The next one is tried from `next` on. Whether it was still ours.
pub async fn arrive(tx: &mut Tx, claimed: &Claimed, next: Timestamp) -> Result<bool> {
    let Work::Leaves { first, upto, ref leaves, .. } = claimed.work else { return Ok(false) };
    let (tenant, now) = (tx.tenant(), tx.now());
    let count = i64::try_from(leaves.len()).unwrap_or(i64::MAX);
    let touched = execute!(
        tx,
        "UPDATE audit_stream SET next_leaf = $4, planned_upto = NULL, planned_size = NULL, leased_until = 0, attempts = 0, fault = NULL,
                                 failing_since = NULL, dead_in_a_row = 0, delivered = delivered + $5, delivered_at = $6, next_attempt_at = $7
         WHERE tenant = $1 AND id = $2 AND claims = $3",
        tenant.uuid(),
        claimed.stream.id.uuid(),
        claimed.claim,
        upto,
        count,
        now.micros(),
        next.micros()
    )?;
    if touched == 0 {
        return Ok(false);
    }
    execute!(
        tx,
        "DELETE FROM audit_stream_dead WHERE tenant = $1 AND stream = $2 AND leaf_index >= $3 AND leaf_index < $4",
        tenant.uuid(),
        claimed.stream.id.uuid(),
        first,
        upto
    )?;
    Ok(true)
}

/// Puts a stream back whose parcel did not arrive, to be tried again at `next`. Whether it was still ours.
pub async fn fail(tx: &mut Tx, claimed: &Claimed, fault: StreamFault, next: Timestamp) -> Result<bool> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let touched = execute!(
        tx,
        "UPDATE audit_stream SET leased_until = 0, attempts = attempts + 1, fault = $4, failing_since = coalesce(failing_since, $5),
                                 next_attempt_at = $6
         WHERE tenant = $1 AND id = $2 AND claims = $3",
        tenant.uuid(),
        claimed.stream.id.uuid(),
        claimed.claim,
        fault.name(),
        now.micros(),
        next.micros()
    )?;
    Ok(touched == 1)
}

/// As [`arrive`], in a transaction of its own. Not audited: where a stream stands says no more than its page shows.
pub async fn arrived(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    next: Timestamp,
) -> Result<bool> {
    quietly(store, permit, async |tx| arrive(tx, claimed, next).await).await
}

/// As [`fail`], in a transaction of its own. Not audited: an attempt that fails is tried again.
pub async fn postponed(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    fault: StreamFault,
    next: Timestamp,
) -> Result<bool> {
    quietly(store, permit, async |tx| fail(tx, claimed, fault, next).await).await
}

/// Makes the parcel of a stream smaller, so that it ends before `upto`: not all of it was refused. Not audited, as above.
pub async fn halved(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    fault: StreamFault,
    upto: i64,
) -> Result<bool> {
    quietly(store, permit, async |tx| {
        let tenant = tx.tenant();
        let touched = execute!(
            tx,
            "UPDATE audit_stream SET planned_upto = $4, leased_until = 0, attempts = 0, fault = $5 WHERE tenant = $1 AND id = $2 AND claims = $3",
            tenant.uuid(),
            claimed.stream.id.uuid(),
            claimed.claim,
            upto,
            fault.name()
        )?;
        Ok(touched == 1)
    })
    .await
}

/// Notes how a test went. Not audited: that it was asked for is.
pub async fn tested(
    store: &Store,
    permit: &Permit<ByJob>,
    claimed: &Claimed,
    fault: Option<StreamFault>,
) -> Result<bool> {
    quietly(store, permit, async |tx| {
        let (tenant, now) = (tx.tenant(), tx.now());
        let touched = execute!(
            tx,
            "UPDATE audit_stream SET test_asked_at = NULL, tested_at = $4, test_fault = $5, leased_until = 0
             WHERE tenant = $1 AND id = $2 AND claims = $3",
            tenant.uuid(),
            claimed.stream.id.uuid(),
            claimed.claim,
            now.micros(),
            fault.map(StreamFault::name)
        )?;
        Ok(touched == 1)
    })
    .await
}

/// Runs `work` in a transaction that leaves no record.
pub(super) async fn quietly<T>(
    store: &Store,
    permit: &Permit<ByJob>,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T>,
) -> Result<T> {
    let mut tx = store.begin(permit.tenant().ok_or(Error::NotFound)?).await?;
    match work(&mut tx).await {
        Ok(value) => {
            store.commit_quietly(tx, Quiet::StreamTried).await?;
            Ok(value)
        }
        Err(error) => {
            store.undo(tx).await;
            Err(error)
        }
    }
}
