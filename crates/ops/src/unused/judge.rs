//! Whether a permission was used.

use std::collections::HashMap;

use bailiwick_domain::{
    catalogue::Catalogue,
    permission::{Permission, PermissionSet},
    time::Timestamp,
};

use super::UNUSED_AFTER;

/// What can be said about the use of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It was used within ninety days.
    Used,
    /// It was not used for ninety days, all of which are recorded, and could have been.
    Unused,
    /// It was not used yet, and there are no ninety days in which it could have been and would have been noted.
    TooEarly,
    /// No route of this server asks for it: it is used elsewhere, or not at all.
    NotMeasured,
}

impl Judgement {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Unused => "unused",
            Self::TooEarly => "too_early",
            Self::NotMeasured => "not_measured",
        }
    }
}

/// A permission with when it was last used.
#[derive(Clone, Debug)]
pub struct UseLine {
    /// Which.
    pub permission: Permission,
    /// The day of the last use, its midnight in UTC; nothing where none is recorded.
    pub last: Option<Timestamp>,
    /// From when on a use would have been noted: since uses are recorded, or since it was given.
    pub from: Option<Timestamp>,
    /// What follows.
    pub judgement: Judgement,
}

/// What it takes to judge.
pub(crate) struct Judge<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// What some route of the server asks for.
    pub(crate) measured: PermissionSet,
    /// Since when uses are recorded.
    pub(crate) recording: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

impl Judge<'_> {
    /// Judges permissions by the days on which they were last used; `given` says since when there has been one to use.
    pub(crate) fn lines(
        &self,
        permissions: PermissionSet,
        used: &HashMap<String, Timestamp>,
        given: impl Fn(Permission) -> Option<Timestamp>,
    ) -> Vec<UseLine> {
        let line = |permission| {
            let last = used.get(self.catalogue.name(permission)).copied();
            let from = self.recording.map(|since| given(permission).map_or(since, |given| given.max(since)));
            UseLine { permission, last, from, judgement: self.judge(permission, last, from) }
        };
        permissions.iter().map(line).collect()
    }

    fn judge(&self, permission: Permission, last: Option<Timestamp>, from: Option<Timestamp>) -> Judgement {
        let limit = self.now - UNUSED_AFTER;
        // A day is known, not its hour: the whole of it counts.
        match (last, from) {
            (Some(day), _) if day >= limit.start_of_day() => Judgement::Used,
            _ if !self.measured.contains(permission) => Judgement::NotMeasured,
            (_, Some(from)) if from <= limit => Judgement::Unused,
            _ => Judgement::TooEarly,
        }
    }
}

/// How many lines say that it is unused.
pub(super) fn unused(lines: &[UseLine]) -> usize {
    lines.iter().filter(|line| line.judgement == Judgement::Unused).count()
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    #[test]
    fn nothing_is_called_unused_before_ninety_days_could_have_shown_a_use() {
        let catalogue = Catalogue::built_in();
        let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
        let (read, update) = (Permission::USER_READ, Permission::USER_UPDATE);
        let days = |days| now - Span::days(days);
        let judge = |recording, given, last: Option<Timestamp>, permission| {
            let judge = Judge { catalogue: &catalogue, measured: PermissionSet::of(&[read]), recording, now };
            let used = last.map(|at| ("user:read".to_owned(), at.start_of_day())).into_iter().collect();
            judge.lines(PermissionSet::of(&[permission]), &used, |_| given)[0].judgement
        };
        for (recording, given, last, permission, expected) in [
            (Some(days(200)), Some(days(200)), None, read, Judgement::Unused),
            (Some(days(90)), None, None, read, Judgement::Unused),
            (Some(days(89)), None, None, read, Judgement::TooEarly),
            (Some(days(200)), Some(days(89)), None, read, Judgement::TooEarly),
            (None, None, None, read, Judgement::TooEarly),
            (Some(days(200)), None, Some(days(90)), read, Judgement::Used),
            (Some(days(200)), None, Some(days(91)), read, Judgement::Unused),
            (Some(days(5)), None, Some(days(1)), read, Judgement::Used),
            (Some(days(200)), None, None, update, Judgement::NotMeasured),
        ] {
            assert_eq!(
                judge(recording, given, last, permission),
                expected,
                "{recording:?} {given:?} {last:?}"
            );
        }
    }
}
