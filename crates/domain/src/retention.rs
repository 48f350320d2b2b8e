//! How long records stay in the database: by class of action, up to the organisation, and never shorter than a floor.

use std::collections::BTreeMap;

use crate::{
    entity::is_of,
    time::{Span, Timestamp},
};

/// Days that every record stays at least, whatever is set.
pub const FLOOR_DAYS: i64 = 90;
/// Days that can be set at most: a hundred years, beyond which a class is simply kept.
pub const MOST_DAYS: i64 = 36_525;
/// Classes at most that have days of their own.
pub const MOST_CLASSES: usize = 100;
/// Octets of a class at most.
pub const CLASS: usize = 100;

/// Classes that no retention takes beside those of the log itself: what accounts for what went on request, and for what was handed out.
const ACCOUNTS: [&str; 3] = ["erasure_certificate", "evidence_bundle", "subject_request"];
/// What the classes of the log itself begin with: holds, exports, retention, epochs, refusals.
const OF_THE_LOG: &str = "audit_";

/// Days by class of action: an action, or what it begins with up to a dot. The longest class that fits counts.
pub type Days = BTreeMap<String, i64>;

/// Whether records of this action account for others, and so are never taken.
pub fn accounts(action: &str) -> bool {
    action.starts_with(OF_THE_LOG) || ACCOUNTS.iter().any(|class| is_of(action, class))
}

/// The class that decides about an action, and its days; nothing for an action that is kept for good.
pub fn decides<'d>(days: &'d Days, action: &str) -> Option<(&'d str, i64)> {
    if accounts(action) {
        return None;
    }
    let fitting = days.iter().filter(|(class, _)| is_of(action, class));
    fitting
        .max_by_key(|(class, _)| class.len())
        .map(|(class, days)| (class.as_str(), (*days).max(FLOOR_DAYS)))
}

/// The class by which a record is over at `now`; nothing for one that stays.
pub fn over<'d>(days: &'d Days, action: &str, recorded_at: Timestamp, now: Timestamp) -> Option<&'d str> {
    let (class, days) = decides(days, action)?;
    (recorded_at + Span::days(days) <= now).then_some(class)
}

/// Why a class or its days cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// The class is none.
    Class,
    /// Its records are never taken.
    Accounts,
    /// Too few or too many days.
    Days,
}

/// A class and its days as they can be set.
///
/// # Errors
/// What does not fit, the class first.
pub fn fitting(class: &str, days: Option<i64>) -> Result<(), Misfit> {
    let word = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'_' | b'-' | b'.');
    let named = (1..=CLASS).contains(&class.len())
        && class.bytes().all(word)
        && !class.starts_with('.')
        && !class.ends_with('.');
    if !named {
        return Err(Misfit::Class);
    }
    if accounts(class) {
        return Err(Misfit::Accounts);
    }
    match days {
        Some(days) if !(FLOOR_DAYS..=MOST_DAYS).contains(&days) => Err(Misfit::Days),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days() -> Days {
        Days::from([
            ("session".into(), 90),
            ("user".into(), 400),
            ("user.renamed".into(), 100),
            ("audit".into(), 90),
        ])
    }

    #[test]
    fn the_longest_class_decides_and_nothing_else_is_ever_over() {
        let days = days();
        assert_eq!(decides(&days, "user.renamed"), Some(("user.renamed", 100)));
        assert_eq!(decides(&days, "user.created"), Some(("user", 400)));
        assert_eq!((decides(&days, "users.created"), decides(&days, "invitation.created")), (None, None));
        let at = Timestamp::from_micros(0);
        assert_eq!(over(&days, "session.ended", at, at + Span::days(90)), Some("session"));
        assert_eq!(over(&days, "session.ended", at, at + Span::days(89)), None);
    }

    #[test]
    fn what_accounts_for_others_stays_whatever_is_set() {
        let days = Days::from([("audit_hold".into(), 90), ("erasure_certificate".into(), 90)]);
        for action in [
            "audit_hold.placed",
            "erasure_certificate.issued",
            "evidence_bundle.made",
            "audit_retirement.applied",
            "audit_log.epoch_begun",
        ] {
            assert!(accounts(action) && decides(&days, action).is_none(), "{action}");
        }
        assert!(!accounts("audit.read") && !accounts("session.ended"));
    }

    #[test]
    fn nothing_is_set_below_the_floor() {
        assert_eq!(fitting("session", Some(FLOOR_DAYS)), Ok(()));
        assert_eq!(fitting("app.plan", None), Ok(()));
        for (class, days, why) in [
            ("session", Some(FLOOR_DAYS - 1), Misfit::Days),
            ("session", Some(MOST_DAYS + 1), Misfit::Days),
            ("session", Some(-1), Misfit::Days),
            ("", Some(90), Misfit::Class),
            ("session.", Some(90), Misfit::Class),
            ("session ended", Some(90), Misfit::Class),
            ("audit_hold", Some(90), Misfit::Accounts),
        ] {
            assert_eq!(fitting(class, days), Err(why), "{class} {days:?}");
        }
        let low = Days::from([("session".into(), 1)]);
        assert_eq!(decides(&low, "session.ended"), Some(("session", FLOOR_DAYS)), "whatever the row says");
    }
}
