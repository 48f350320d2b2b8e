//! Moments as people type them into a filter: a day, a minute, or an exact instant, all UTC.

use bailiwick_domain::time::{Span, Timestamp};

use crate::forms::{Field, Problem};

/// What is said of text that is no moment.
pub(in crate::pages) const WRONG: &str = "Use a day (2026-01-31) or a moment in UTC (2026-01-31T09:30).";

/// A moment, and how long what was typed lasts: a day, a minute, a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) struct Moment {
    from: Timestamp,
    lasts: Span,
}

impl Moment {
    /// Reads a day, `YYYY-MM-DDTHH:MM` as browsers send it, or RFC 3339 in UTC.
    pub(in crate::pages) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_suffix('Z').unwrap_or(text);
        let (text, lasts) = match bare.len() {
            10 if bare.len() == text.len() => (bare.to_owned(), Span::days(1)),
            16 => (format!("{bare}:00Z"), Span::minutes(1)),
            19 => (format!("{bare}Z"), Span::seconds(1)),
            20.. => return exact(&format!("{bare}Z")),
            _ => return None,
        };
        Some(Self { from: Timestamp::parse(&text).ok()?, lasts })
    }

    /// The first instant.
    pub(in crate::pages) const fn start(self) -> Timestamp {
        self.from
    }

    /// The first instant that no longer belongs to it, so that a range up to a day holds the whole day.
    pub(super) fn end(self) -> Timestamp {
        self.from + self.lasts
    }

    /// The last minute that belongs to it, for a field that shows minutes.
    pub(super) fn last_minute(self) -> Timestamp {
        self.end() - Span::seconds(1)
    }
}

/// Reads the moment of a field; what cannot be understood becomes a problem of it.
pub(in crate::pages) fn read(
    name: &'static str,
    text: Option<&str>,
    problems: &mut Vec<Problem>,
) -> Option<Timestamp> {
    let moment = text.map(Moment::parse);
    if moment == Some(None) {
        problems.push(Problem::new(name, WRONG));
    }
    moment.flatten().map(Moment::start)
}

/// The moment as a field shows it; what could not be understood stands there as it was typed.
pub(in crate::pages) fn field(
    name: &'static str,
    label: &'static str,
    text: Option<&str>,
    problems: &[Problem],
) -> Field {
    let known = text.and_then(Moment::parse).map(|moment| typed(moment.start()));
    let value = known.unwrap_or_else(|| text.unwrap_or_default().to_owned());
    let error = problems.iter().find(|problem| problem.field == name).map(|problem| problem.text.clone());
    Field { error, ..Field::new(name, label).value(value) }
}

fn exact(text: &str) -> Option<Moment> {
    let from = Timestamp::parse(text).ok()?;
    Some(Moment { from, lasts: Timestamp::from_micros(1).since(Timestamp::from_micros(0)) })
}

/// A moment as a `datetime-local` field has it: `2026-01-31T09:30`.
pub(in crate::pages) fn typed(at: Timestamp) -> String {
    at.to_string().get(..16).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_until_the_next() {
        let day = Moment::parse("2026-01-31").unwrap();
        assert_eq!(day.start().to_string(), "2026-01-31T00:00:00.000000Z");
        assert_eq!(day.end().to_string(), "2026-02-01T00:00:00.000000Z");
        assert_eq!(typed(day.last_minute()), "2026-01-31T23:59");
    }

    #[test]
    fn what_is_typed_includes_itself() {
        for (text, end) in [
            ("2026-01-31T09:30", "2026-01-31T09:31:00.000000Z"),
            ("2026-01-31T09:30Z", "2026-01-31T09:31:00.000000Z"),
            (" 2026-01-31T09:30:15 ", "2026-01-31T09:30:16.000000Z"),
            ("2026-01-31T09:30:15.5Z", "2026-01-31T09:30:15.500001Z"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().end().to_string(), end, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "31.01.2026",
            "2026-01-31Z",
            "2026-01-31T25:00",
            "2026-01-31T09:30+02:00",
            "é",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = Moment::parse(&text);
        }
    }
}
