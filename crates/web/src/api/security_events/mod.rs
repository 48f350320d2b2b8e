//! Security events.

pub(super) mod acknowledge;
pub(super) mod list;
pub(super) mod resolve;
pub(super) mod show;

use bailiwick_domain::{
    entity::{SecurityEvent, Severity, Triage},
    ids::{EventId, SecurityEventId},
    time::Timestamp,
};
use serde::Serialize;

/// A security event as the API shows it.
#[derive(Serialize)]
pub(super) struct SecurityEventBody {
    id: SecurityEventId,
    kind: String,
    severity: Severity,
    detail: String,
    /// The audit record that raised it.
    audit_event: EventId,
    triage: Triage,
    at: Timestamp,
}

impl From<SecurityEvent> for SecurityEventBody {
    fn from(event: SecurityEvent) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            severity: event.severity,
            detail: event.detail,
            audit_event: event.audit_event.into(),
            triage: event.triage,
            at: event.at,
        }
    }
}
