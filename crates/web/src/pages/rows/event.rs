use bailiwick_domain::entity::{SecurityEvent, Severity, Triage};

use crate::{
    pages::{audit::About, parts::Badge},
    when::When,
};

/// A security event in a list.
#[derive(Clone, Debug)]
pub(crate) struct SecurityEventRow {
    pub(crate) kind: String,
    pub(crate) severity: Badge,
    pub(crate) detail: String,
    /// Whom or what it is about, for whoever may know.
    pub(crate) about: Option<About>,
    /// The audit record behind it.
    pub(crate) href: Option<String>,
    pub(crate) status: Badge,
    pub(crate) at: When,
    /// Where to post that somebody is on it.
    pub(crate) acknowledge: Option<String>,
    /// Where it is asked what became of it.
    pub(crate) resolve: Option<String>,
}

impl SecurityEventRow {
    /// The row, without anything to press. `sees_records` says whether the audit record may be linked.
    pub(crate) fn of(event: &SecurityEvent, about: Option<&About>, sees_records: bool) -> Self {
        Self {
            kind: event.kind.clone(),
            severity: match event.severity {
                Severity::Info => Badge::new("info", "Info"),
                Severity::Warning => Badge::new("warn", "Warning"),
                Severity::High => Badge::new("bad", "High"),
            },
            detail: event.detail.clone(),
            about: about.cloned(),
            href: sees_records.then(|| format!("/audit/events/{}", event.audit_event)),
            status: match event.triage {
                Triage::Open => Badge::new("warn", "Open"),
                Triage::Acknowledged => Badge::new("info", "Acknowledged"),
                Triage::Resolved => Badge::new("mute", "Resolved"),
            },
            at: When::moment(event.at),
            acknowledge: None,
            resolve: None,
        }
    }

    /// The row with what may be done about it.
    pub(crate) fn with_triage(event: &SecurityEvent, about: Option<&About>, sees_records: bool) -> Self {
        let path = |verb: &str| format!("/security/events/{}/{verb}", event.id);
        Self {
            acknowledge: (event.triage == Triage::Open).then(|| path("acknowledge")),
            resolve: (event.triage != Triage::Resolved).then(|| path("resolve")),
            ..Self::of(event, about, sees_records)
        }
    }
}
