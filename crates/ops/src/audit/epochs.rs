//! Going on after signed events were lost for good.

use bailiwick_domain::{
    entity::{LogEpoch, Severity},
    rule::ByJob,
    time::Timestamp,
};
use bailiwick_store::{
    Event, Permit, Scope, Store,
    audit::{
        Signer,
        epoch::{self, EpochPlan, EpochRefused},
    },
};

use crate::{Error, Result, valid};

/// Why no epoch began.
#[derive(Debug, thiserror::Error)]
pub enum NoEpoch {
    /// The log, or what is outside the database, does not allow it.
    #[error(transparent)]
    Refused(#[from] EpochRefused),
    /// The reason, or the record of the beginning.
    #[error(transparent)]
    Ops(#[from] Error),
}

/// Begins another epoch of the permit's tenant's log, whose database is older than what was signed, or another history.
///
/// Outside the database first, then the record with its reason, then outside again: what a crash interrupts, the same call
/// goes on with. Nobody with the database alone can begin one, and nobody at all without a record of it.
///
/// # Errors
/// A log that is whole, one that contradicts itself, and a reason that is none.
pub async fn begin(
    store: &Store,
    signer: &Signer,
    permit: &Permit<ByJob>,
    reason: &str,
) -> Result<EpochPlan, NoEpoch> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    let tenant = permit.tenant().ok_or(Error::NotFound)?;
    let plan = signer.plan_epoch(tenant).await?;
    signer.state_epoch(&plan).map_err(EpochRefused::from)?;
    record(store, permit, &plan, &reason).await?;
    signer.open_epoch(&plan).map_err(EpochRefused::from)?;
    Ok(plan)
}

async fn record(store: &Store, permit: &Permit<ByJob>, plan: &EpochPlan, reason: &str) -> Result<()> {
    // Recorded before a crash: once is enough.
    if epoch::begun(&mut store.read(permit).await?, plan.epoch).await? {
        return Ok(());
    }
    let (kept, signed) = (&plan.statement.kept, &plan.statement.signed);
    let moment = |seconds: Option<u64>| {
        let micros = seconds.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000_000));
        micros.map(Timestamp::from_micros)
    };
    let count = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    store
        .change(permit, async |tx| {
            let epoch = LogEpoch {
                id: store.new_id(),
                epoch: i64::from(plan.epoch),
                kept: count(kept.size),
                kept_at: moment(kept.seconds),
                signed: count(signed.size),
                signed_at: moment(signed.seconds),
                begun_at: tx.now(),
            };
            let lost = signed.size.saturating_sub(kept.size);
            let detail = format!("The audit log goes on without {lost} signed records that were lost");
            let written = epoch::insert(tx, epoch).await?;
            let event = Event::new("audit_log.epoch_begun", &written)?
                .because(reason)
                .raising(Severity::High, detail);
            Ok(tx.record(event, ()))
        })
        .await
}
