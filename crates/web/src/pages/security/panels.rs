//! The control table, and the rows of the lists of invitations and keys.

use bailiwick_domain::{
    entity::{ApiKey, Invitation},
    posture::{Control as Computed, ControlStatus, Fix, Posture, Status},
    time::Timestamp,
};

use super::{capitalised, page_of};
use crate::{
    pages::{api_keys, invitations, parts::Badge},
    when::When,
};

/// The controls and their mean.
pub(super) struct Controls {
    pub(super) score: u8,
    pub(super) kind: &'static str,
    pub(super) formula: String,
    pub(super) rows: Vec<Control>,
}

/// One control.
pub(super) struct Control {
    pub(super) name: &'static str,
    pub(super) implementation: String,
    pub(super) score: u8,
    pub(super) kind: &'static str,
    pub(super) status: String,
    pub(super) evidence: Vec<Fact>,
    pub(super) actions: Vec<Action>,
}

/// What is known of a control. What was not observed does not hold.
pub(super) struct Fact {
    pub(super) holds: bool,
    pub(super) text: String,
    pub(super) href: Option<&'static str>,
}

/// What a control still requires.
pub(super) struct Action {
    pub(super) text: String,
    pub(super) href: Option<&'static str>,
}

impl Controls {
    /// `reach` says which pages the person can open.
    pub(super) fn new(posture: &Posture, reach: impl Fn(&str) -> bool) -> Self {
        let scores: Vec<_> = posture.controls.iter().map(|control| control.score.to_string()).collect();
        let worst =
            posture.controls.iter().map(|control| control.status).max_by_key(|status| badness(*status));
        Self {
            score: posture.control_score,
            kind: match worst {
                Some(ControlStatus::Failed) => "bad",
                _ if posture.control_score >= bailiwick_domain::posture::ENABLED_FROM => "ok",
                _ => "warn",
            },
            formula: format!(
                "{} ({}) ÷ {} = {}",
                posture.control_formula,
                scores.join(" + "),
                scores.len(),
                posture.control_score
            ),
            rows: posture.controls.iter().map(|control| row(control, &reach)).collect(),
        }
    }
}

const fn badness(status: ControlStatus) -> u8 {
    match status {
        ControlStatus::Enabled => 0,
        ControlStatus::Warning => 1,
        ControlStatus::Failed => 2,
    }
}

fn row(control: &Computed, reach: impl Fn(&str) -> bool) -> Control {
    let page = Some(page_of(control.fix)).filter(|page| reach(page));
    // Only the log has a page that shows the evidence itself.
    let shown = page.filter(|_| control.fix == Fix::Audit);
    let actions = control.failures.iter().chain(&control.actions);
    Control {
        name: control.label,
        implementation: control.implementation.clone(),
        score: control.score,
        kind: match control.status {
            ControlStatus::Enabled => "ok",
            ControlStatus::Warning => "warn",
            ControlStatus::Failed => "bad",
        },
        status: capitalised(control.status.label()),
        evidence: control
            .evidence
            .iter()
            .map(|fact| Fact { holds: fact.status == Status::Pass, text: fact.text.clone(), href: shown })
            .collect(),
        actions: actions.map(|text| Action { text: text.clone(), href: None }).collect(),
    }
}

/// An invitation that waits.
pub(super) struct InvitationRow {
    pub(super) address: String,
    pub(super) role: &'static str,
    pub(super) expires: When,
    pub(super) status: Badge,
}

impl InvitationRow {
    pub(super) fn of(invitation: &Invitation, now: Timestamp) -> Self {
        Self {
            address: invitation.email.clone(),
            role: invitation.role.title(),
            expires: When::day(invitation.expires_at),
            status: invitations::badge(invitation, now),
        }
    }
}

/// A key that works.
pub(super) struct KeyRow {
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires: Option<When>,
    pub(super) status: Badge,
}

impl KeyRow {
    pub(super) fn of(key: &ApiKey, now: Timestamp) -> Self {
        Self {
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            scopes: key.scopes.clone(),
            expires: key.expires_at.map(When::day),
            status: api_keys::badge(key, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn owner_reads_the_controls_of_the_requirement() {
        let controls = Controls::new(&Posture::of(&sample::snapshot()), |_| true);
        let read: Vec<_> = controls
            .rows
            .iter()
            .map(|row| (row.name, row.score, row.status.as_str(), row.actions.len()))
            .collect();
        assert_eq!(
            read,
            [
                ("Encryption at rest", 88, "Enabled", 1),
                ("Encryption in transit", 76, "Warning", 2),
                ("Audit logging", 88, "Enabled", 1)
            ]
        );
        assert_eq!(controls.score, 84);
        assert!(controls.formula.ends_with("(88 + 76 + 88) ÷ 3 = 84"), "{}", controls.formula);
        assert!(controls.rows.iter().all(|row| !row.evidence.is_empty()));
    }

    #[test]
    fn what_was_never_observed_does_not_hold() {
        let controls = Controls::new(&Posture::of(&sample::snapshot()), |_| true);
        let verified =
            controls.rows.iter().flat_map(|row| &row.evidence).find(|fact| fact.text.contains("verified"));
        assert!(verified.is_some_and(|fact| !fact.holds));
    }
}
