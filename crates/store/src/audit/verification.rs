//! What the last verification of each log found, kept beside the log.

use bailiwick_domain::{ids::TenantId, posture::Verification, time::Timestamp};

use super::{Report, SignError, VerifyError};
use crate::{
    Jobs, Result,
    lock::{execute, row},
    store::{Quiet, Store},
    tenants,
    tx::Scope,
};

/// Notes what [`verify_all`](super::verify_all) found, for whoever reads the posture.
///
/// Every log that was read to its end held. A verification stops at the first log that did not, and only that one is noted
/// then: nothing was found out about the logs after it. Nor is anything noted where no log can be named, such as when the
/// database could not be read to the end.
///
/// Not audited: a log cannot vouch for its own verification, and one that does not hold may not even take a record.
///
/// # Errors
/// The database's; what was found stands all the same, and the caller still says it.
pub async fn note_verification(
    store: &Store,
    _authority: &Jobs,
    outcome: &Result<Vec<Report>, VerifyError>,
) -> Result<()> {
    match outcome {
        Ok(reports) => {
            for report in reports {
                note(store, report.tenant, Some(report.verified.events)).await?;
            }
        }
        Err(error) => {
            if let Some(tenant) = blamed(store, error).await? {
                note(store, tenant, None).await?;
            }
        }
    }
    Ok(())
}

/// What the last verification found in the tenant's log, and when; none before the first.
pub async fn last_verification(scope: &mut impl Scope) -> Result<Option<Verification>> {
    let tenant = scope.tenant();
    let last: Option<(String, i64)> =
        row!(scope, "SELECT outcome, at FROM audit_verification WHERE tenant = $1", tenant.uuid())?;
    Ok(last.map(|(outcome, at)| Verification { ok: outcome == "held", at: Timestamp::from_micros(at) }))
}

/// The tenant whose log did not hold, if the failure is one of a log and the tenant is still there.
async fn blamed(store: &Store, error: &VerifyError) -> Result<Option<TenantId>> {
    let (id, name) = match error {
        VerifyError::Finding { slug, .. }
        | VerifyError::Projection { slug, .. }
        | VerifyError::Missing { slug, .. }
        | VerifyError::Stray { slug, .. }
        | VerifyError::Published { slug, .. }
        | VerifyError::Retired { slug, .. }
        | VerifyError::Tree { slug, .. } => (None, Some(slug)),
        VerifyError::NoTree { tenant, .. } => (Some(*tenant), None),
        VerifyError::Sign(
            SignError::Rollback { tenant, .. }
            | SignError::Fork { tenant, .. }
            | SignError::Lost { tenant, .. }
            | SignError::Refused { tenant, .. }
            | SignError::Epoch { tenant, .. }
            | SignError::HeadAhead { tenant, .. }
            | SignError::Altered { tenant, .. },
        ) => (Some(*tenant), None),
        VerifyError::Sign(
            SignError::Vanished { .. }
            | SignError::Heads(_)
            | SignError::Raced(_)
            | SignError::Io { .. }
            | SignError::Store(_),
        )
        // The log holds.
        | VerifyError::Index { .. }
        | VerifyError::Store(_) => return Ok(None),
    };
    let all = tenants::all(store).await?;
    let theirs = all.into_iter().find(|tenant| Some(tenant.id) == id || Some(&tenant.slug) == name);
    Ok(theirs.map(|tenant| tenant.id))
}

/// Notes one log: the events that were found in place, or none where it did not hold.
async fn note(store: &Store, tenant: TenantId, held: Option<u64>) -> Result<()> {
    let mut tx = store.begin_keyless(tenant).await?;
    let now = tx.now();
    let events = held.map(|events| i64::try_from(events).unwrap_or(i64::MAX));
    let outcome = if held.is_some() { "held" } else { "failed" };
    let noted = execute!(
        tx,
        "INSERT INTO audit_verification (tenant, at, events, outcome) VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant) DO UPDATE SET at = excluded.at, events = excluded.events, outcome = excluded.outcome",
        tenant.uuid(),
        now.micros(),
        events,
        outcome
    );
    match noted {
        Ok(_) => store.commit_quietly(tx, Quiet::LogVerified).await,
        Err(error) => {
            store.undo(tx).await;
            Err(error.into())
        }
    }
}
