use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entity, named};
use crate::{ids::SecurityEventId, time::Timestamp};

named! {
    /// How much a security event matters.
    Severity {
        /// Worth knowing.
        Info = "info",
        /// Worth a look.
        Warning = "warning",
        /// Needs a person; counts against the posture while open.
        High = "high",
    }
}

named! {
    /// What became of a security event.
    Triage {
        /// Nobody has looked at it.
        Open = "open",
        /// Somebody is on it.
        Acknowledged = "acknowledged",
        /// Done.
        Resolved = "resolved",
    }
}

/// Something that happened which a person should see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// The event's id.
    pub id: SecurityEventId,
    /// What happened, as `noun.verb`.
    pub kind: String,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence without personal data.
    pub detail: String,
    /// The audit record it came from.
    pub audit_event: Uuid,
    /// What became of it.
    pub triage: Triage,
    /// When it happened.
    pub at: Timestamp,
}

impl Entity for SecurityEvent {
    const KIND: &'static str = "security_event";
    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }
}
