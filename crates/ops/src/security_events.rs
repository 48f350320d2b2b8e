//! Triage of security events.

use bailiwick_domain::{
    entity::{SecurityEvent, Triage},
    ids::SecurityEventId,
    rule::TriageSecurityEvents,
};
use bailiwick_store::{Event, Permit, Store, security_events};

use crate::{Error, Result, valid};

/// Says that somebody is on it.
pub async fn acknowledge(
    store: &Store,
    permit: &Permit<TriageSecurityEvents>,
    id: SecurityEventId,
) -> Result<SecurityEvent> {
    set(store, permit, id, Triage::Acknowledged, None).await
}

/// Says that it is done, and why.
pub async fn resolve(
    store: &Store,
    permit: &Permit<TriageSecurityEvents>,
    id: SecurityEventId,
    reason: &str,
) -> Result<SecurityEvent> {
    let reason = valid::reason(reason).map_err(|text| Error::field("reason", text))?;
    set(store, permit, id, Triage::Resolved, Some(reason)).await
}

async fn set(
    store: &Store,
    permit: &Permit<TriageSecurityEvents>,
    id: SecurityEventId,
    triage: Triage,
    reason: Option<String>,
) -> Result<SecurityEvent> {
    store
        .change(permit, async |tx| {
            let before = security_events::lock(tx, id).await?;
            if before.triage == triage || before.triage == Triage::Resolved {
                return Err(Error::Conflict("The event has this state already."));
            }
            let after = SecurityEvent { triage, ..before.clone() };
            let written = security_events::replace(tx, before, after.clone()).await?;
            let event = Event::new(
                if triage == Triage::Resolved {
                    "security_event.resolved"
                } else {
                    "security_event.acknowledged"
                },
                &written,
            )?;
            let event = match &reason {
                Some(reason) => event.because(reason.clone()),
                None => event,
            };
            Ok(tx.record(event, after))
        })
        .await
}
