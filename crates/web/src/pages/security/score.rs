//! The posture score with every term that it is the sum of.

use bailiwick_domain::{
    posture::{Check, Points, Posture as Computed, PostureStatus, Share, Snapshot, Status},
    time::Timestamp,
};

use super::{capitalised, page_of};
use crate::{pages::parts::counted, shell::Link, when::When};

/// The score as the page shows it.
pub(super) struct Posture {
    pub(super) score: u8,
    pub(super) kind: &'static str,
    pub(super) status: String,
    pub(super) sentence: String,
    pub(super) computed: When,
    pub(super) terms: Vec<Term>,
    /// The sum of the terms before it is rounded to the score: `77.5`.
    pub(super) points: String,
    pub(super) lost: String,
    pub(super) formula: String,
}

/// One term of the sum.
pub(super) struct Term {
    pub(super) label: &'static str,
    pub(super) state: String,
    pub(super) weight: u8,
    /// Nothing where there is nothing to share.
    pub(super) percent: Option<u64>,
    pub(super) kind: &'static str,
    pub(super) points: String,
    pub(super) lost: String,
    pub(super) evidence: Link,
}

impl Posture {
    pub(super) fn new(computed: &Computed, snapshot: &Snapshot, now: Timestamp) -> Self {
        Self {
            score: computed.score,
            kind: match computed.status {
                PostureStatus::Strong => "ok",
                PostureStatus::Review => "warn",
                PostureStatus::AtRisk => "bad",
            },
            status: capitalised(computed.status.label()),
            sentence: format!("{}.", computed.sentence.trim_end_matches('.')),
            computed: When::moment(now),
            terms: in_order(computed).map(|check| term(check, snapshot)).collect(),
            points: sum(computed, |check| check.points).to_string(),
            lost: minus(&sum(computed, |check| check.lost).to_string()),
            formula: formula(computed),
        }
    }
}

fn sum(computed: &Computed, part: impl Fn(&Check) -> Points) -> Points {
    computed.checks.iter().map(part).sum()
}

/// A share in whole percent, halves up; 100 only for the whole.
fn percent(share: Share) -> u64 {
    let Share { num, den } = share;
    if num >= den {
        return 100;
    }
    let rounded = (u128::from(num) * 100 + u128::from(den) / 2).checked_div(u128::from(den)).unwrap_or(100);
    u64::try_from(rounded).unwrap_or(100).min(99)
}

fn term(check: &Check, snapshot: &Snapshot) -> Term {
    let share = check.share;
    let state = match check.id {
        _ if check.status == Status::NotApplicable => "not applicable".to_owned(),
        "mfa" => format!("{} of {}", share.num, counted(share.den, "active user")),
        "api_keys" => format!("{} of {}", share.num, counted(share.den, "working key")),
        "invitations" => format!("{} waiting", snapshot.pending_invitations),
        "security_events" => format!("{} open", snapshot.open_high_events),
        _ => format!("{} of {}", share.num, share.den),
    };
    let (label, evidence) = match check.id {
        "mfa" => ("Active users with a verified factor", "Users"),
        "api_keys" => ("API keys that need no rotation", "API keys"),
        "invitations" => ("No invitation is waiting", "Invitations"),
        "security_events" => ("No high severity event is open", "Security events"),
        _ => (check.label, check.label),
    };
    Term {
        label,
        state,
        weight: check.weight,
        percent: (check.status != Status::NotApplicable).then(|| percent(share)),
        kind: match check.status {
            Status::Fail => "bad",
            _ if check.lost > Points::ZERO => "warn",
            _ => "ok",
        },
        points: check.points.to_string(),
        lost: minus(&check.lost.to_string()),
        evidence: Link::new(evidence, page_of(check.fix)),
    }
}

/// The checks in the order of the formula, which is that of their weights.
fn in_order(computed: &Computed) -> impl Iterator<Item = &Check> {
    let mut checks: Vec<_> = computed.checks.iter().collect();
    checks.sort_by_key(|check| std::cmp::Reverse(check.weight));
    checks.into_iter()
}

/// The published formula, and the same with its figures put in.
fn formula(computed: &Computed) -> String {
    let points: Vec<_> = in_order(computed).map(|check| check.points.to_string()).collect();
    let total = sum(computed, |check| check.points).to_string();
    let score = computed.score.to_string();
    let rounded = if total == score { String::new() } else { format!(", rounded to {score}") };
    format!("{} = {} = {total}{rounded}", computed.formula, points.join(" + "))
}

/// `−28`, and `0` without a sign.
fn minus(points: &str) -> String {
    if points == "0" { points.to_owned() } else { format!("−{points}") }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn owner_can_add_the_terms_up() {
        let snapshot = sample::snapshot();
        let page = Posture::new(&Computed::of(&snapshot), &snapshot, Timestamp::from_micros(0));
        let terms: Vec<_> = page
            .terms
            .iter()
            .map(|term| {
                (
                    term.state.as_str(),
                    term.weight,
                    term.percent.unwrap(),
                    term.points.as_str(),
                    term.lost.as_str(),
                )
            })
            .collect();
        assert_eq!(
            terms,
            [
                ("6 of 8 active users", 44, 75, "33", "−11"),
                ("2 of 3 working keys", 30, 67, "20", "−10"),
                ("0 open", 19, 100, "19", "0"),
                ("2 waiting", 7, 0, "0", "−7"),
            ]
        );
        assert_eq!(
            (page.score, page.status.as_str(), page.lost.as_str(), page.kind),
            (72, "Review", "−28", "warn")
        );
        assert_eq!(page.sentence, "MFA and key rotation are the main gaps.");
        assert_eq!(page.points, "72");
        assert!(page.formula.ends_with(" = 33 + 20 + 19 + 0 = 72"), "{}", page.formula);
    }

    #[test]
    fn what_there_is_none_of_does_not_apply() {
        let snapshot =
            Snapshot { keys_total: 0, keys_expiring: 0, keys_without_end: 0, ..sample::snapshot() };
        let page = Posture::new(&Computed::of(&snapshot), &snapshot, Timestamp::from_micros(0));
        let keys = page.terms.iter().find(|term| term.weight == 30).unwrap();
        assert_eq!((keys.state.as_str(), keys.percent, keys.points.as_str()), ("not applicable", None, "30"));
    }

    #[test]
    fn owner_sees_where_the_sum_is_rounded() {
        let snapshot = Snapshot { users_verified_factor: 7, users_needing_mfa: 0, ..sample::snapshot() };
        let page = Posture::new(&Computed::of(&snapshot), &snapshot, Timestamp::from_micros(0));
        assert_eq!((page.score, page.points.as_str(), page.lost.as_str()), (78, "77.5", "−22.5"));
        assert!(page.formula.ends_with(" = 38.5 + 20 + 19 + 0 = 77.5, rounded to 78"), "{}", page.formula);
    }

    #[test]
    fn a_share_is_rounded_half_up_and_whole_only_when_it_is() {
        let of = |num, den| percent(Share { num, den });
        assert_eq!((of(2, 3), of(1, 3), of(1, 8), of(7, 8), of(1, 200)), (67, 33, 13, 88, 1));
        assert_eq!((of(0, 3), of(0, 0), of(3, 3), of(999, 1000), of(4, 3)), (0, 100, 100, 99, 100));
        assert_eq!(of(u64::MAX - 1, u64::MAX), 99);
    }
}
