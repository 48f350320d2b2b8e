//! Instants as whole microseconds since 1970, UTC: they sort the same in Rust, SQLite and PostgreSQL.

use std::{fmt, ops};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;
/// The last instant that has a four-digit year.
const MAX: i64 = 253_402_300_799 * SECOND + 999_999;

/// An instant, UTC, in microseconds since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span(i64);

/// The text is not an instant of the form `2026-01-02T03:04:05.000006Z` or a date `2026-01-02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date (2026-01-02) or an instant in UTC (2026-01-02T03:04:05Z)")]
pub struct BadTime;

impl Timestamp {
    /// The instant `micros` microseconds after 1970, kept within the years 1970 to 9999.
    pub const fn from_micros(micros: i64) -> Self {
        Self(if micros < 0 {
            0
        } else if micros > MAX {
            MAX
        } else {
            micros
        })
    }
    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// Whole seconds since 1970.
    pub const fn unix_seconds(self) -> u64 {
        (self.0 / SECOND).unsigned_abs()
    }
    /// Whole milliseconds since 1970.
    pub const fn unix_millis(self) -> u64 {
        (self.0 / 1000).unsigned_abs()
    }
    /// The time that has gone by since `earlier`; nothing when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(if self.0 > earlier.0 { self.0 - earlier.0 } else { 0 })
    }
    /// Midnight UTC of the same day.
    pub const fn start_of_day(self) -> Self {
        Self(self.0 - self.0.rem_euclid(86_400 * SECOND))
    }
    /// Year, month (1–12), day (1–31), hour, minute and second, UTC.
    pub const fn civil(self) -> Civil {
        let days = self.0.div_euclid(86_400 * SECOND);
        let seconds = self.0.rem_euclid(86_400 * SECOND) / SECOND;
        let (year, month, day) = civil_from_days(days);
        Civil { year, month, day, hour: seconds / 3600, minute: seconds / 60 % 60, second: seconds % 60 }
    }
    /// Parses RFC 3339 in UTC (`Z`), with up to six digits of fraction, or a plain date meaning its midnight.
    pub fn parse(text: &str) -> Result<Self, BadTime> {
        parse(text).ok_or(BadTime)
    }
}

/// The calendar fields of an instant, UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// The year, 1970 to 9999.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: i64,
    /// The day of the month, 1 to 31.
    pub day: i64,
    /// The hour, 0 to 23.
    pub hour: i64,
    /// The minute, 0 to 59.
    pub minute: i64,
    /// The second, 0 to 59.
    pub second: i64,
}

impl Civil {
    /// The English name of the month.
    pub const fn month_name(&self) -> &'static str {
        match self.month {
            1 => "January",
            2 => "February",
            3 => "March",
            4 => "April",
            5 => "May",
            6 => "June",
            7 => "July",
            8 => "August",
            9 => "September",
            10 => "October",
            11 => "November",
            _ => "December",
        }
    }
}

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * SECOND)
    }
    /// A span of whole minutes.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    /// A span of whole hours.
    pub const fn hours(n: i64) -> Self {
        Self::seconds(n * 3600)
    }
    /// A span of whole days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Self::seconds(n * 86_400)
    }
    /// The span in whole seconds, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0 / SECOND
    }
}

impl ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_add(span.0))
    }
}

impl ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with exactly six digits of fraction, as the audit log stores it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        let micros = self.0.rem_euclid(SECOND);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl From<i64> for Timestamp {
    /// From the stored microseconds.
    fn from(micros: i64) -> Self {
        Self::from_micros(micros)
    }
}

/// Days since 1970 to the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = if month > 2 { month - 3 } else { month + 9 };
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn parse(text: &str) -> Option<Timestamp> {
    let digits = |range: ops::Range<usize>| -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let dash = |at: usize, byte: u8| text.as_bytes().get(at) == Some(&byte);
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    if !(dash(4, b'-') && dash(7, b'-') && year >= 1970) {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that does not exist (30 February) comes back as another one.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    if text.len() == 10 {
        return Some(Timestamp(days * 86_400 * SECOND));
    }
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    if !(dash(10, b'T') && dash(13, b':') && dash(16, b':')) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let rest = text.get(19..)?.strip_suffix('Z')?;
    let micros = match rest.strip_prefix('.') {
        None if rest.is_empty() => 0,
        Some(fraction)
            if (1..=6).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit()) =>
        {
            // Each record of a log is read through here: no text is made on the way.
            fraction.parse::<i64>().ok()? * 10_i64.pow(6 - fraction.len() as u32)
        }
        _ => return None,
    };
    Some(Timestamp((days * 86_400 + hour * 3600 + minute * 60 + second) * SECOND + micros))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_instant_survives_its_own_text(micros in 0..=MAX) {
            let t = Timestamp::from_micros(micros);
            prop_assert_eq!(Timestamp::parse(&t.to_string()), Ok(t));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn later_instants_have_later_texts(a in 0..=MAX, b in 0..=MAX) {
            prop_assert_eq!(a.cmp(&b), Timestamp(a).to_string().cmp(&Timestamp(b).to_string()));
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2026-02-30",
            "2026-13-01",
            "2026-00-10",
            "1969-12-31",
            "2026-1-1",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00+00:00",
        ] {
            assert_eq!(Timestamp::parse(text), Err(BadTime), "{text}");
        }
        assert!(Timestamp::parse("2028-02-29").is_ok());
    }
}
