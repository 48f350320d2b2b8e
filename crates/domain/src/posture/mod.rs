//! The security posture: published formulas over a snapshot of live state.
//!
//! No figure here is a constant that looks like a result. `docs/POSTURE.md` publishes the formulas, and names the few
//! statements that hold by the construction of the program; a test compares its weights with the ones below.

mod at_rest;
mod audit_logging;
mod check;
mod control;
mod in_transit;
mod points;
mod snapshot;
mod text;

use serde::Serialize;

pub use check::{Check, Share, Status};
pub use control::{ACTION_COST, Control, ControlStatus, ENABLED_FROM, Evidence, FAILED_CEILING};
pub use points::Points;
pub use snapshot::{
    AppendOnly, AtRest, Audit, CHECKPOINT_LATE_SECONDS, Database, DatabaseKind, ROTATION_WINDOW_DAYS,
    Snapshot, TlsEndpoint, TlsMode, Transit, Verification,
};

/// The weight of MFA in the posture score.
pub const WEIGHT_MFA: u8 = 44;
/// The weight of API key rotation.
pub const WEIGHT_API_KEYS: u8 = 30;
/// The weight of open high severity events.
pub const WEIGHT_SECURITY_EVENTS: u8 = 19;
/// The weight of pending invitations.
pub const WEIGHT_INVITATIONS: u8 = 7;

/// The lowest score that is called strong.
pub const STRONG_FROM: u8 = 90;
/// The lowest score that asks for a review; below it the tenant is at risk.
pub const REVIEW_FROM: u8 = 60;

/// The posture of one tenant at the moment of its snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Posture {
    /// The score, 0 to 100; 100 only when no point is lost.
    pub score: u8,
    /// The band the score falls into.
    pub status: PostureStatus,
    /// One sentence naming the main gaps.
    pub sentence: String,
    /// The checks the score is the sum of, in the order of the page.
    pub checks: Vec<Check>,
    /// The controls: encryption at rest, in transit, audit logging.
    pub controls: Vec<Control>,
    /// The rounded mean of the controls' scores.
    pub control_score: u8,
    /// How the score is computed, for people.
    pub formula: String,
    /// How the controls' scores are computed, for people.
    pub control_formula: String,
}

/// The bands of the posture score.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PostureStatus {
    /// Below [`REVIEW_FROM`].
    AtRisk,
    /// Below [`STRONG_FROM`].
    Review,
    /// From [`STRONG_FROM`] up.
    Strong,
}

impl PostureStatus {
    /// The word shown beside the score.
    pub const fn label(self) -> &'static str {
        match self {
            Self::AtRisk => "at risk",
            Self::Review => "review",
            Self::Strong => "strong",
        }
    }

    const fn of(score: u8) -> Self {
        match score {
            STRONG_FROM.. => Self::Strong,
            REVIEW_FROM.. => Self::Review,
            _ => Self::AtRisk,
        }
    }
}

/// Where an open item is fixed; pages turn it into a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// The users and their second factors.
    Users,
    /// The API keys.
    ApiKeys,
    /// The invitations.
    Invitations,
    /// The security events.
    SecurityEvents,
    /// Encryption keys and what they protect.
    Encryption,
    /// HTTPS and the connection to the database.
    Transport,
    /// The audit log: verification, archive, retention.
    Audit,
}

impl Posture {
    /// Computes the posture; the same snapshot always gives the same one.
    pub fn of(snapshot: &Snapshot) -> Self {
        let checks = check::all(snapshot);
        let controls = control::all(snapshot);
        let score = score(&checks);
        Self {
            score,
            status: PostureStatus::of(score),
            sentence: sentence(&checks),
            control_score: control::mean(&controls),
            checks,
            controls,
            formula: formula(),
            control_formula: control::formula(),
        }
    }
}

/// Rounding alone never reaches 100: a perfect score beside an open gap would flatter.
fn score(checks: &[Check]) -> u8 {
    let total: Points = checks.iter().map(|check| check.points).sum();
    if checks.iter().all(|check| check.lost == Points::ZERO) {
        total.rounded()
    } else {
        total.rounded().min(99)
    }
}

/// Names the two open checks that lose the most; on a tie the one listed first.
fn sentence(checks: &[Check]) -> String {
    let mut gaps: Vec<&Check> =
        checks.iter().filter(|check| check.lost > Points::ZERO && check.status.is_open()).collect();
    gaps.sort_by_key(|check| std::cmp::Reverse(check.lost));
    let text = match gaps.as_slice() {
        [] if checks.iter().any(|check| check.lost > Points::ZERO) => {
            "no gaps are open; MFA asserted by the identity provider earns no points".to_owned()
        }
        [] => "no gaps are open".to_owned(),
        [only] if only.gap_is_plural() => format!("{} are the main gap", only.gap),
        [only] => format!("{} is the main gap", only.gap),
        [first, second, ..] => format!("{} and {} are the main gaps", first.gap, second.gap),
    };
    text::capitalised(&text)
}

fn formula() -> String {
    format!(
        "{WEIGHT_MFA} × share of active users with a verified factor \
         + {WEIGHT_API_KEYS} × share of API keys that need no rotation \
         + {WEIGHT_SECURITY_EVENTS} if no high severity event is open \
         + {WEIGHT_INVITATIONS} if no invitation is waiting"
    )
}

const _: () = assert!(
    WEIGHT_MFA + WEIGHT_API_KEYS + WEIGHT_SECURITY_EVENTS + WEIGHT_INVITATIONS == 100,
    "the weights must add up to 100"
);
