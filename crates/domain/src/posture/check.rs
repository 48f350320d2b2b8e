//! The checks whose points add up to the posture score.

use serde::Serialize;

use super::{
    Fix, Points, Snapshot, WEIGHT_API_KEYS, WEIGHT_INVITATIONS, WEIGHT_MFA, WEIGHT_SECURITY_EVENTS,
    text::{count, number},
};

/// One line of the posture checklist.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The stable name: `mfa`, `invitations`, `api_keys`, `security_events`.
    pub id: &'static str,
    /// The name for people.
    pub label: &'static str,
    /// The points it can earn.
    pub weight: u8,
    /// The share of the weight that is earned.
    pub share: Share,
    /// The points it earns.
    pub points: Points,
    /// The points it does not earn.
    pub lost: Points,
    /// The points that closing every open item of this check would add.
    pub gain: Points,
    /// How it stands.
    pub status: Status,
    /// What is open, in one sentence with counts.
    pub sentence: String,
    /// Where it is fixed.
    pub fix: Fix,
    /// What to call the loss within the sentence about the main gaps.
    #[serde(skip)]
    pub(super) gap: &'static str,
}

/// A share as the two counts it comes from; `0/0` is the full share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Share {
    /// How many are as they should be.
    pub num: u64,
    /// Of how many.
    pub den: u64,
}

/// How a check or a piece of evidence stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing is open.
    Pass,
    /// Something is open.
    Warning,
    /// Something is wrong and cannot wait.
    Fail,
    /// There is nothing it could apply to.
    NotApplicable,
    /// It has not been observed yet, which is never a pass.
    Unknown,
}

impl Status {
    /// Whether there is something to do.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Warning | Self::Fail)
    }
}

impl Check {
    pub(super) fn gap_is_plural(&self) -> bool {
        self.gap.ends_with('s')
    }
}

/// In the order of the page.
pub(super) fn all(snapshot: &Snapshot) -> Vec<Check> {
    vec![mfa(snapshot), invitations(snapshot), api_keys(snapshot), security_events(snapshot)]
}

/// Only factors verified here count: an identity provider's word is not evidence that we hold. Its users lose points but
/// need nothing, so the gain counts those who need MFA alone.
fn mfa(snapshot: &Snapshot) -> Check {
    let den = snapshot.active_users;
    let num = snapshot.users_verified_factor.min(den);
    let elsewhere = snapshot.users_sso_mfa.min(den - num);
    // A user whom none of the three counts explains is open, never covered.
    let needing = snapshot.users_needing_mfa.min(den - num).max(den - num - elsewhere);
    let sentence = match (den, needing) {
        (0, _) => "There are no active users.".to_owned(),
        (_, 0) if elsewhere > 0 => format!(
            "Every active user has MFA; for {} the identity provider asserts it.",
            number(elsewhere, "user")
        ),
        (_, 0) => "Every active user has MFA.".to_owned(),
        _ => format!("{} MFA.", count(needing, "active user still needs", "active users still need")),
    };
    Check {
        id: "mfa",
        label: "Multi-factor authentication",
        gap: "MFA",
        fix: Fix::Users,
        sentence,
        ..scored(WEIGHT_MFA, Share { num, den }, needing, Status::Warning)
    }
}

fn invitations(snapshot: &Snapshot) -> Check {
    let pending = snapshot.pending_invitations;
    Check {
        id: "invitations",
        label: "Invitations",
        gap: "pending invitations",
        fix: Fix::Invitations,
        sentence: format!("{} waiting for acceptance.", count(pending, "invitation is", "invitations are")),
        ..scored(WEIGHT_INVITATIONS, none_of(pending), u64::from(pending > 0), Status::Warning)
    }
}

fn api_keys(snapshot: &Snapshot) -> Check {
    let den = snapshot.keys_total;
    // A key without an end is never about to end: without this it would be the way not to rotate and lose nothing.
    let endless = snapshot.keys_without_end.min(den);
    let needing = snapshot.keys_expiring.saturating_add(endless).min(den);
    let open = count(needing, "API key needs", "API keys need");
    let sentence = match (den, endless) {
        (0, _) => "There are no API keys.".to_owned(),
        (_, 0) => format!("{open} rotation."),
        _ => format!("{open} rotation; {}.", count(endless, "has no end", "have no end")),
    };
    Check {
        id: "api_keys",
        label: "API key rotation",
        gap: "key rotation",
        fix: Fix::ApiKeys,
        sentence,
        ..scored(WEIGHT_API_KEYS, Share { num: den - needing, den }, needing, Status::Warning)
    }
}

fn security_events(snapshot: &Snapshot) -> Check {
    let open = snapshot.open_high_events;
    Check {
        id: "security_events",
        label: "Security events",
        gap: "open security events",
        fix: Fix::SecurityEvents,
        sentence: format!("{} open.", count(open, "high severity event is", "high severity events are")),
        ..scored(WEIGHT_SECURITY_EVENTS, none_of(open), u64::from(open > 0), Status::Fail)
    }
}

/// All or nothing: one open item is enough to earn none of the weight.
fn none_of(open: u64) -> Share {
    Share { num: u64::from(open == 0), den: 1 }
}

/// The figures of a check of which `open` parts of the share are still to be closed.
fn scored(weight: u8, share: Share, open: u64, open_status: Status) -> Check {
    let points = Points::of(weight, share.num, share.den);
    let status = match (share.den, open) {
        (0, _) => Status::NotApplicable,
        (_, 0) => Status::Pass,
        _ => open_status,
    };
    Check {
        id: "",
        label: "",
        weight,
        share,
        points,
        lost: Points::of(weight, 1, 1) - points,
        gain: Points::of(weight, share.num.saturating_add(open), share.den) - points,
        status,
        sentence: String::new(),
        fix: Fix::Users,
        gap: "",
    }
}
