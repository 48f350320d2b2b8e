//! Moments as people write them: a month, a day, a minute, an exact instant, or how long ago.

use std::fmt;

use crate::{
    time::{Civil, Span, Timestamp},
    zone::Zone,
};

/// A moment of a query. Days and times without a zone are those of the reader's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The instant of asking.
    Now,
    /// The day of asking.
    Today,
    /// The day before.
    Yesterday,
    /// The month before that of asking.
    LastMonth,
    /// So long before the instant of asking: `7d`.
    Ago(u32, Unit),
    /// A month of the reader's calendar, as midnight of its first day in UTC.
    Month(Timestamp),
    /// A day of the reader's calendar, as midnight of that day in UTC.
    Day(Timestamp),
    /// A minute of the reader's clock, as the same figures in UTC.
    Minute(Timestamp),
    /// A second of the reader's clock, likewise.
    Second(Timestamp),
    /// An instant, whatever the clock of the reader.
    Instant(Timestamp),
}

/// A unit of how long ago something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

impl Unit {
    const ALL: [(Self, char, i64); 4] = [
        (Self::Minutes, 'm', 60),
        (Self::Hours, 'h', 3600),
        (Self::Days, 'd', 86_400),
        (Self::Weeks, 'w', 604_800),
    ];
}

impl Moment {
    /// Reads `2026-11`, `2026-11-01`, `2026-11-01T09:30`, `2026-11-01T09:30:15`, the two with a time also with `Z`, `7d`, `today`,
    /// `yesterday`, `last-month` or `now`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "now" => return Some(Self::Now),
            "today" => return Some(Self::Today),
            "yesterday" => return Some(Self::Yesterday),
            "last-month" => return Some(Self::LastMonth),
            _ => {}
        }
        if let Some((_, letter, _)) = Unit::ALL.iter().find(|(_, letter, _)| text.ends_with(*letter)) {
            let digits = text.strip_suffix(*letter)?;
            let count: u32 = digits.parse().ok().filter(|count| (1..=99_999).contains(count))?;
            let unit = Unit::ALL.iter().find(|(_, l, _)| l == letter).map(|(unit, ..)| *unit)?;
            return (digits == count.to_string()).then_some(Self::Ago(count, unit));
        }
        if let Some(bare) = text.strip_suffix('Z') {
            return match bare.len() {
                16 => Timestamp::parse(&format!("{bare}:00Z")).ok().map(Self::Instant),
                19.. => Timestamp::parse(text).ok().map(Self::Instant),
                _ => None,
            };
        }
        match text.len() {
            7 => Timestamp::parse(&format!("{text}-01")).ok().map(Self::Month),
            10 => Timestamp::parse(text).ok().map(Self::Day),
            16 => Timestamp::parse(&format!("{text}:00Z")).ok().map(Self::Minute),
            19 => Timestamp::parse(&format!("{text}Z")).ok().map(Self::Second),
            _ => None,
        }
    }

    /// The instant with which it begins, for whoever reads the clocks of `zone` at `now`.
    pub fn start(self, zone: &Zone, now: Timestamp) -> Timestamp {
        match self {
            Self::Now => now,
            Self::Today => zone.instant(midnight(zone, now)),
            Self::Yesterday => zone.instant(midnight(zone, now) - Span::days(1)),
            Self::LastMonth => zone.instant(first_of_month(this_month(zone, now) - Span::days(1))),
            Self::Ago(count, unit) => {
                let seconds = Unit::ALL.iter().find(|(one, ..)| *one == unit).map_or(0, |(.., s)| *s);
                now - Span::seconds(i64::from(count) * seconds)
            }
            Self::Month(at) | Self::Day(at) | Self::Minute(at) | Self::Second(at) => zone.instant(at),
            Self::Instant(at) => at,
        }
    }

    /// The first instant after it: a day lasts until the next, whatever its hours are, and a month whatever its days are. Nothing for what has no length.
    pub fn end(self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Now | Self::Ago(..) => None,
            Self::Today => Some(zone.instant(midnight(zone, now) + Span::days(1))),
            Self::Yesterday => Some(zone.instant(midnight(zone, now))),
            Self::LastMonth => Some(zone.instant(this_month(zone, now))),
            // No month has more than 31 days, and none so few that these would lead beyond the next.
            Self::Month(at) => Some(zone.instant(first_of_month(at + Span::days(31)))),
            Self::Day(at) => Some(zone.instant(at + Span::days(1))),
            Self::Minute(at) => Some(zone.instant(at) + Span::minutes(1)),
            Self::Second(at) => Some(zone.instant(at) + Span::seconds(1)),
            Self::Instant(at) => Some(at + Span::seconds(1)),
        }
    }
}

/// The midnight with which the day of `now` begins in `zone`, as its figures in UTC.
fn midnight(zone: &Zone, now: Timestamp) -> Timestamp {
    let local = zone.local(now);
    let shifted =
        if local.ahead < 0 { now - Span::seconds(-local.ahead) } else { now + Span::seconds(local.ahead) };
    shifted.start_of_day()
}

/// The midnight with which the month of `now` begins in `zone`, as its figures in UTC.
fn this_month(zone: &Zone, now: Timestamp) -> Timestamp {
    first_of_month(midnight(zone, now))
}

/// The midnight with which the month of `at` begins, UTC.
fn first_of_month(at: Timestamp) -> Timestamp {
    at.start_of_day() - Span::days(at.civil().day - 1)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |c: &Civil| format!("{:04}-{:02}-{:02}", c.year, c.month, c.day);
        match self {
            Self::Now => f.write_str("now"),
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::LastMonth => f.write_str("last-month"),
            Self::Ago(count, unit) => {
                let letter = Unit::ALL.iter().find(|(one, ..)| one == unit).map_or('d', |(_, l, _)| *l);
                write!(f, "{count}{letter}")
            }
            Self::Month(at) => {
                let c = at.civil();
                write!(f, "{:04}-{:02}", c.year, c.month)
            }
            Self::Day(at) => f.write_str(&day(&at.civil())),
            Self::Minute(at) => {
                let c = at.civil();
                write!(f, "{}T{:02}:{:02}", day(&c), c.hour, c.minute)
            }
            Self::Second(at) => {
                let c = at.civil();
                write!(f, "{}T{:02}:{:02}:{:02}", day(&c), c.hour, c.minute, c.second)
            }
            Self::Instant(at) => {
                let text = at.to_string();
                match text.strip_suffix(".000000Z") {
                    Some(whole) => write!(f, "{whole}Z"),
                    None => f.write_str(&text),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn reader_means_the_days_of_their_own_calendar() {
        let sydney: Zone = "Australia/Sydney".parse().unwrap();
        let now = at("2026-11-21T22:14:03Z");
        for (text, start, end) in [
            ("2026-11-01", "2026-10-31T13:00:00Z", Some("2026-11-01T13:00:00Z")),
            // In this month clocks went forward.
            ("2026-10", "2026-09-30T14:00:00Z", Some("2026-10-31T13:00:00Z")),
            ("2026-12", "2026-11-30T13:00:00Z", Some("2026-12-31T13:00:00Z")),
            ("2024-02", "2024-01-31T13:00:00Z", Some("2024-02-29T13:00:00Z")),
            ("last-month", "2026-09-30T14:00:00Z", Some("2026-10-31T13:00:00Z")),
            // Clocks went forward on that day, which has 23 hours.
            ("2026-10-04", "2026-10-03T14:00:00Z", Some("2026-10-04T13:00:00Z")),
            ("2026-11-01T09:30", "2026-10-31T22:30:00Z", Some("2026-10-31T22:31:00Z")),
            ("2026-11-01T09:30:15", "2026-10-31T22:30:15Z", Some("2026-10-31T22:30:16Z")),
            ("2026-11-01T09:30Z", "2026-11-01T09:30:00Z", Some("2026-11-01T09:30:01Z")),
            ("today", "2026-11-21T13:00:00Z", Some("2026-11-22T13:00:00Z")),
            ("yesterday", "2026-11-20T13:00:00Z", Some("2026-11-21T13:00:00Z")),
            ("7d", "2026-11-14T22:14:03Z", None),
            ("90m", "2026-11-21T20:44:03Z", None),
            ("2w", "2026-11-07T22:14:03Z", None),
            ("now", "2026-11-21T22:14:03Z", None),
        ] {
            let moment = Moment::parse(text).unwrap();
            assert_eq!(moment.start(&sydney, now), at(start), "{text}");
            assert_eq!(moment.end(&sydney, now), end.map(at), "{text}");
        }
    }

    #[test]
    fn last_month_of_january_lies_in_the_year_before() {
        let now = at("2026-01-31T23:59:59Z");
        let month = Moment::LastMonth;
        assert_eq!(month.start(&Zone::UTC, now), at("2025-12-01"));
        assert_eq!(month.end(&Zone::UTC, now), Some(at("2026-01-01")));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "d",
            "0d",
            "07d",
            "-7d",
            "+7d",
            "100000d",
            "7x",
            "2026-02-30",
            "2026-13",
            "2026-1",
            "2026-11Z",
            "202611-",
            "last-year",
            "2026-11-01Z",
            "2026-11-01T25:00",
            "2026-11-01T09:30+02:00",
            "01.11.2026",
            "Today",
            "é",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        for text in [
            "now",
            "today",
            "yesterday",
            "7d",
            "24h",
            "last-month",
            "2026-11",
            "2026-11-01",
            "2026-11-01T09:30",
            "2026-11-01T09:30:15",
            "2026-11-01T09:30:15Z",
            "2026-11-01T09:30:15.000001Z",
        ] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), text);
        }
    }
}
