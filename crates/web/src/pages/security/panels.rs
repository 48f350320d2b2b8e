//! The control table, and the rows of the lists of invitations and keys.

use bailiwick_domain::{
    entity::{ApiKey, Invitation},
    posture::{ACTION_COST, Control as Computed, ControlStatus, Evidence, Posture, Status},
    time::Timestamp,
};

use super::capitalised;
use crate::{
    pages::{api_keys, invitations, parts::Badge, titles::Titles},
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

/// What is known of a control.
pub(super) struct Fact {
    pub(super) icon: &'static str,
    pub(super) class: &'static str,
    /// How it stands, for those who do not see the symbol. What was never observed neither holds nor fails to.
    pub(super) stands: &'static str,
    pub(super) text: String,
    /// The page that shows it.
    pub(super) href: Option<&'static str>,
}

/// What a control still requires.
pub(super) struct Action {
    pub(super) text: String,
    /// The page on which it is done or followed up.
    pub(super) href: Option<&'static str>,
    /// The settings of the server's configuration by which it is done.
    pub(super) settings: Vec<&'static str>,
    /// Points of the control that it costs while it is open; nothing for a failure, which bounds the score instead.
    pub(super) cost: Option<u8>,
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
    let page = |text: &str| page_about(text).filter(|page| reach(page));
    let action = |text: &String, cost| Action {
        href: page(text),
        settings: settings_for(text),
        cost,
        text: text.clone(),
    };
    let failures = control.failures.iter().map(|text| action(text, None));
    let actions = control.actions.iter().map(|text| action(text, Some(ACTION_COST)));
    Control {
        name: control.label,
        implementation: implementation(control),
        score: control.score,
        kind: match control.status {
            ControlStatus::Enabled => "ok",
            ControlStatus::Warning => "warn",
            ControlStatus::Failed => "bad",
        },
        status: capitalised(control.status.label()),
        evidence: control.evidence.iter().map(|evidence| fact(evidence, page(&evidence.text))).collect(),
        actions: failures.chain(actions).collect(),
    }
}

/// What implements the control, said of the future where its own evidence is that it is off.
fn implementation(control: &Computed) -> String {
    let text = &control.implementation;
    let mut about = control.evidence.iter().filter(|evidence| evidence.text.starts_with(text.as_str()));
    if about.any(|evidence| evidence.status != Status::Pass) {
        format!("{text} once it is on")
    } else {
        text.clone()
    }
}

fn fact(evidence: &Evidence, href: Option<&'static str>) -> Fact {
    let (icon, class, stands) = match evidence.status {
        Status::Pass | Status::NotApplicable => ("check-circle", "icon t-ok", "Holds: "),
        Status::Warning | Status::Fail => ("alert-circle", "icon t-warn", "Does not hold: "),
        Status::Unknown => ("clock", "icon t-mute", "Not known yet: "),
    };
    Fact { icon, class, stands, text: evidence.text.clone(), href }
}

/// The page that shows what a sentence about a control speaks of; most of it no page shows.
fn page_about(text: &str) -> Option<&'static str> {
    if text.contains("checkpoint") {
        Some("/audit/verify")
    } else if text.starts_with("Domain changes write") {
        Some("/audit")
    } else {
        None
    }
}

/// The settings, as the server's configuration names them, by which required actions are done, by words of the action.
const BY_SETTINGS: &[(&str, &[&str])] = &[
    ("HTTPS enforcement", &["server.https", "server.tls_certificate", "server.trusted_proxies"]),
    ("HSTS", &["server.https"]),
    ("database SSL", &["database.tls_mode"]),
    ("append-only storage", &["database.url", "database.owner_url"]),
    ("managed KMS", &["keys.provider"]),
    ("on schedule", &["keys.rotation"]),
    ("export", &["audit.archive"]),
    ("retention", &["audit.archive"]),
];

/// Every setting that the page names.
pub(super) fn settings() -> impl Iterator<Item = &'static str> {
    BY_SETTINGS.iter().flat_map(|(_, settings)| settings.iter().copied())
}

/// The settings by which all of a required action is done.
fn settings_for(action: &str) -> Vec<&'static str> {
    let mut settings = Vec::new();
    for setting in
        BY_SETTINGS.iter().filter(|(words, _)| action.contains(words)).flat_map(|(_, names)| *names)
    {
        if !settings.contains(setting) {
            settings.push(*setting);
        }
    }
    settings
}

/// An invitation that waits.
pub(super) struct InvitationRow {
    pub(super) address: String,
    pub(super) role: String,
    pub(super) expires: When,
    pub(super) status: Badge,
}

impl InvitationRow {
    pub(super) fn of(invitation: &Invitation, titles: &Titles, now: Timestamp) -> Self {
        Self {
            address: invitation.email.clone(),
            role: titles.of(invitation.role),
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
    use bailiwick_domain::posture::{AppendOnly, AtRest, Audit, Snapshot, Transit};

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
    fn what_was_never_observed_is_neither_said_to_hold_nor_not_to() {
        let controls = Controls::new(&Posture::of(&sample::snapshot()), |_| true);
        let facts: Vec<_> = controls.rows.iter().flat_map(|row| &row.evidence).collect();
        let stands =
            |words: &str| facts.iter().find(|fact| fact.text.contains(words)).map(|fact| fact.stands);
        assert_eq!(stands("has not been verified yet"), Some("Not known yet: "));
        assert_eq!(stands("SHA-256 event hashes"), Some("Holds: "));
        assert_eq!(stands("Archive job: off"), Some("Does not hold: "));
    }

    #[test]
    fn owner_reads_which_setting_closes_an_action_and_what_it_costs() {
        let controls = Controls::new(&Posture::of(&sample::snapshot()), |_| true);
        let read: Vec<_> = controls
            .rows
            .iter()
            .flat_map(|row| &row.actions)
            .map(|action| (action.settings.join(" "), action.cost, action.href))
            .collect();
        let of = |settings: &str| (settings.to_owned(), Some(12), None);
        assert_eq!(
            read,
            [
                of("keys.provider keys.rotation"),
                of("server.https server.tls_certificate server.trusted_proxies"),
                of("database.tls_mode"),
                of("database.url database.owner_url audit.archive"),
            ]
        );
    }

    #[test]
    fn every_required_action_says_how_it_is_done() {
        let sample = sample::snapshot();
        let mut seen = 0;
        for bits in 0..64_u8 {
            let on = |bit: u8| bits & (1 << bit) != 0;
            let snapshot = Snapshot {
                at_rest: AtRest {
                    provider_managed: on(0),
                    rotation_scheduled: on(1),
                    ..sample.at_rest.clone()
                },
                transit: Transit { https_enforced: on(2), ..sample.transit.clone() },
                audit: Audit {
                    append_only: if on(3) {
                        AppendOnly::EnforcedBySeparateOwner
                    } else {
                        AppendOnly::EnforcedByTriggers
                    },
                    archive_job: on(4),
                    retention_job: on(5),
                    ..sample.audit.clone()
                },
                ..sample.clone()
            };
            for action in
                Controls::new(&Posture::of(&snapshot), |_| true).rows.iter().flat_map(|row| &row.actions)
            {
                assert!(!action.settings.is_empty(), "{}", action.text);
                seen += 1;
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn a_control_does_not_claim_what_its_evidence_denies() {
        let transit = |https_enforced| {
            let off = sample::snapshot();
            let snapshot = Snapshot { transit: Transit { https_enforced, ..off.transit.clone() }, ..off };
            let controls = Controls::new(&Posture::of(&snapshot), |_| true);
            controls.rows.into_iter().nth(1).map(|row| row.implementation).unwrap()
        };
        let on = "HTTPS enforcement redirects insecure production requests";
        assert_eq!((transit(true), transit(false)), (on.to_owned(), format!("{on} once it is on")));
    }

    #[test]
    fn evidence_leads_only_where_it_is_shown() {
        let controls = Controls::new(&Posture::of(&sample::snapshot()), |_| true);
        let led = controls.rows.iter().flat_map(|row| &row.evidence).filter_map(|fact| {
            fact.href.map(|href| (fact.text.split(' ').take(3).collect::<Vec<_>>().join(" "), href))
        });
        assert_eq!(
            led.collect::<Vec<_>>(),
            [("Domain changes write".to_owned(), "/audit"), ("The last signed".to_owned(), "/audit/verify")]
        );
        let unreached = Controls::new(&Posture::of(&sample::snapshot()), |_| false);
        assert!(unreached.rows.iter().flat_map(|row| &row.evidence).all(|fact| fact.href.is_none()));
    }
}
