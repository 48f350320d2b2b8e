//! What is still open, what closing it is worth, and where it is closed.

use bailiwick_domain::posture::{Check as Computed, Fix, Points, Posture};

use super::page_of;
use crate::shell::Link;

/// One line of the checklist.
pub(super) struct Check {
    pub(super) done: bool,
    pub(super) text: String,
    pub(super) fix: Option<Link>,
    /// Points that it would add: `+5.5`.
    pub(super) gain: Option<String>,
}

/// The open items first, those with the largest gain first. `reach` says which pages the person can open.
pub(super) fn checklist(posture: &Posture, reach: impl Fn(&str) -> bool) -> Vec<Check> {
    let mut checks: Vec<&Computed> = posture.checks.iter().collect();
    checks.sort_by_key(|check| (!check.status.is_open(), std::cmp::Reverse(check.gain)));
    let line = |check: &Computed| {
        let open = check.status.is_open();
        Check {
            done: !open,
            text: check.sentence.clone(),
            fix: (open && reach(page_of(check.fix))).then(|| fix(check.fix)),
            gain: (open && check.gain > Points::ZERO).then(|| format!("+{}", check.gain)),
        }
    };
    checks.into_iter().map(line).collect()
}

/// The way to the largest gain.
pub(super) fn next_gap(posture: &Posture, reach: impl Fn(&str) -> bool) -> Option<Link> {
    let open = posture.checks.iter().filter(|check| check.status.is_open() && reach(page_of(check.fix)));
    // Of equal gains the first listed.
    let next = open.max_by(|a, b| a.gain.cmp(&b.gain).then(std::cmp::Ordering::Greater))?;
    Some(Link { label: "Fix next gap".to_owned(), ..fix(next.fix) })
}

fn fix(fix: Fix) -> Link {
    match fix {
        Fix::Users => Link::new("See who still needs MFA", "/users?mfa=missing&status=active"),
        Fix::ApiKeys => Link::new("Replace the keys that end soon", "/api-keys?status=expiring"),
        Fix::Invitations => Link::new("Follow up or take them back", page_of(fix)),
        Fix::SecurityEvents => Link::new("Look at the open events", page_of(fix)),
        Fix::Encryption | Fix::Transport => Link::new("See the server's health", page_of(fix)),
        Fix::Audit => Link::new("Verify the log", page_of(fix)),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn owner_sees_what_is_open_first_and_what_it_is_worth() {
        let posture = Posture::of(&sample::snapshot());
        let checks = checklist(&posture, |_| true);
        let read: Vec<_> = checks
            .iter()
            .map(|check| (check.done, check.text.as_str(), check.gain.as_deref(), check.fix.is_some()))
            .collect();
        assert_eq!(
            read,
            [
                (false, "1 API key needs rotation.", Some("+10"), true),
                (false, "2 invitations are waiting for acceptance.", Some("+7"), true),
                (false, "1 active user still needs MFA.", Some("+5.5"), true),
                (true, "No high severity events are open.", None, false),
            ]
        );
        assert_eq!(next_gap(&posture, |_| true).unwrap().href, "/api-keys?status=expiring");
    }

    #[test]
    fn nobody_is_led_to_a_page_that_does_not_open() {
        let posture = Posture::of(&sample::snapshot());
        assert!(checklist(&posture, |_| false).iter().all(|check| check.fix.is_none()));
        assert_eq!(next_gap(&posture, |_| false), None);
        assert_eq!(next_gap(&posture, |path| path != "/api-keys").unwrap().href, "/invitations");
    }
}
