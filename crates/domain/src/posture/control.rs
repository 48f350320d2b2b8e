//! The controls and how each is scored.

use serde::Serialize;

use super::{Fix, Snapshot, Status, at_rest, audit_logging, in_transit, text::capitalised};
use crate::time::Timestamp;

/// What each required action that is still open costs a control.
pub const ACTION_COST: u8 = 12;
/// The most a control can score while its integrity check fails.
pub const FAILED_CEILING: u8 = 40;
/// The lowest score of a control that is called enabled.
pub const ENABLED_FROM: u8 = 85;

/// One row of the control table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// The stable name: `at_rest`, `in_transit`, `audit_logging`.
    pub id: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// What implements it.
    pub implementation: String,
    /// The score, 0 to 100.
    pub score: u8,
    /// The status the score amounts to.
    pub status: ControlStatus,
    /// What is still required, joined to one phrase; none when nothing is.
    pub required_action: Option<String>,
    /// The required actions one by one; each costs [`ACTION_COST`] points.
    pub actions: Vec<String>,
    /// Integrity failures; any of them makes the control failed.
    pub failures: Vec<String>,
    /// What is known of it, true of the snapshot.
    pub evidence: Vec<Evidence>,
    /// Where it is fixed.
    pub fix: Fix,
}

/// The status of a control.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlStatus {
    /// In force; at most one required action is open.
    Enabled,
    /// In force with more open.
    Warning,
    /// Its integrity check failed.
    Failed,
}

impl ControlStatus {
    /// The word shown beside the score.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One statement about what is configured or was observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The statement, without a full stop.
    pub text: String,
    /// Whether it speaks for the control.
    pub status: Status,
    /// When it was observed, for what is not observed at this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Evidence {
    pub(super) fn new(text: impl Into<String>, status: Status) -> Self {
        Self { text: text.into(), status, at: None }
    }

    /// Passes when `good`, warns otherwise.
    pub(super) fn either(good: bool, when_good: impl Into<String>, otherwise: impl Into<String>) -> Self {
        if good { Self::new(when_good, Status::Pass) } else { Self::new(otherwise, Status::Warning) }
    }
}

/// What a control finds in the snapshot, before it is scored.
pub(super) struct Findings {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) implementation: String,
    /// The verb that the actions share, so that several read as one phrase: `Enable` … `and` ….
    pub(super) verb: &'static str,
    pub(super) actions: Vec<String>,
    pub(super) failures: Vec<String>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) fix: Fix,
}

pub(super) fn all(snapshot: &Snapshot) -> Vec<Control> {
    [
        at_rest::findings(&snapshot.at_rest),
        in_transit::findings(&snapshot.transit),
        audit_logging::findings(&snapshot.audit),
    ]
    .map(scored)
    .into()
}

/// The mean, halves up.
pub(super) fn mean(controls: &[Control]) -> u8 {
    let sum: usize = controls.iter().map(|control| usize::from(control.score)).sum();
    let count = controls.len().max(1);
    u8::try_from((2 * sum + count) / (2 * count)).unwrap_or(100)
}

pub(super) fn formula() -> String {
    format!(
        "Each control starts at 100 and loses {ACTION_COST} for each required action still open; \
         a failed integrity check leaves at most {FAILED_CEILING}. The total is their mean."
    )
}

fn scored(findings: Findings) -> Control {
    let open = u8::try_from(findings.actions.len()).unwrap_or(u8::MAX);
    let by_actions = 100_u8.saturating_sub(ACTION_COST.saturating_mul(open));
    let (score, status) = match by_actions {
        _ if !findings.failures.is_empty() => (by_actions.min(FAILED_CEILING), ControlStatus::Failed),
        ENABLED_FROM.. => (by_actions, ControlStatus::Enabled),
        _ => (by_actions, ControlStatus::Warning),
    };
    Control {
        id: findings.id,
        label: findings.label,
        score,
        status,
        required_action: required_action(&findings),
        implementation: findings.implementation,
        actions: findings.actions.iter().map(|action| phrase(findings.verb, action)).collect(),
        failures: findings.failures,
        evidence: findings.evidence,
        fix: findings.fix,
    }
}

/// A failure comes first and alone: what else is open can wait until the records can be trusted again.
fn required_action(findings: &Findings) -> Option<String> {
    if let [first, ..] = findings.failures.as_slice() {
        return Some(first.clone());
    }
    (!findings.actions.is_empty()).then(|| phrase(findings.verb, &findings.actions.join(" and ")))
}

fn phrase(verb: &str, object: &str) -> String {
    if verb.is_empty() { capitalised(object) } else { format!("{verb} {object}") }
}
