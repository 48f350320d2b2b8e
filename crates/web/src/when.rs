//! Times as people read them, with the exact instant behind. The only place that writes one: every page has the same
//! format, and wherever a time of day is shown, its zone stands beside it.

use bailiwick_domain::time::{Civil, Timestamp};

/// A time for the templates: `datetime`, `title` and text of a `<time>` element. All UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// `2026-11-21T22:14:03Z`.
    pub iso: String,
    /// `2026-11-21 22:14:03 UTC`.
    pub exact: String,
    /// What the page shows.
    pub text: String,
}

impl When {
    /// How long ago, or in how long: `2 hours ago`, `in 3 days`, `just now`.
    pub fn ago(at: Timestamp, now: Timestamp) -> Self {
        let (past, span) = if at <= now { (true, now.since(at)) } else { (false, at.since(now)) };
        let text = match (distance(span.as_seconds()), past) {
            (None, _) => "just now".to_owned(),
            (Some(distance), true) => format!("{distance} ago"),
            (Some(distance), false) => format!("in {distance}"),
        };
        Self::with(at, text)
    }

    /// The day in UTC: `11 June 2026`. For dates on which something begins or ends, where the hour does not matter.
    pub fn day(at: Timestamp) -> Self {
        Self::with(at, day(&at.civil()))
    }

    /// Day and time of day: `11 June 2026, 11:00 pm UTC`.
    pub fn moment(at: Timestamp) -> Self {
        let c = at.civil();
        let (hour, half) = hour(&c);
        Self::with(at, format!("{}, {hour}:{:02} {half} UTC", day(&c), c.minute))
    }

    /// The same to the second, for evidence: `11 June 2026, 11:00:05 pm UTC`.
    pub fn instant(at: Timestamp) -> Self {
        let c = at.civil();
        let (hour, half) = hour(&c);
        Self::with(at, format!("{}, {hour}:{:02}:{:02} {half} UTC", day(&c), c.minute, c.second))
    }

    fn with(at: Timestamp, text: String) -> Self {
        let c = at.civil();
        let iso = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        Self { iso, exact: exact(&c), text }
    }
}

fn exact(c: &Civil) -> String {
    format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", c.year, c.month, c.day, c.hour, c.minute, c.second)
}

fn day(c: &Civil) -> String {
    format!("{} {} {}", c.day, c.month_name(), c.year)
}

/// The hour of a clock with two halves of the day.
const fn hour(c: &Civil) -> (i64, &'static str) {
    let half = if c.hour < 12 { "am" } else { "pm" };
    match c.hour % 12 {
        0 => (12, half),
        hour => (hour, half),
    }
}

/// The largest unit that fits at least once; nothing below ten seconds.
fn distance(seconds: i64) -> Option<String> {
    const UNITS: [(i64, &str); 6] = [
        (31_536_000, "year"),
        (2_592_000, "month"),
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size && seconds >= 10)?;
    let count = seconds / size;
    Some(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
}

#[cfg(test)]
mod tests {
    use bailiwick_domain::time::Span;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn person_reads_the_distance_and_finds_the_instant_behind_it() {
        let now = at("2026-11-21T22:14:03.9Z");
        let when = When::ago(now - Span::hours(2), now);
        assert_eq!(when.iso, "2026-11-21T20:14:03Z");
        assert_eq!(when.exact, "2026-11-21 20:14:03 UTC");
        for (seconds, text) in [
            (0, "just now"),
            (9, "just now"),
            (10, "10 seconds ago"),
            (59, "59 seconds ago"),
            (60, "1 minute ago"),
            (3599, "59 minutes ago"),
            (7200, "2 hours ago"),
            (86_400, "1 day ago"),
            (29 * 86_400, "29 days ago"),
            (30 * 86_400, "1 month ago"),
            (400 * 86_400, "1 year ago"),
            (-30, "in 30 seconds"),
            (-3 * 86_400, "in 3 days"),
        ] {
            assert_eq!(When::ago(now - Span::seconds(seconds), now).text, text);
        }
    }

    #[test]
    fn person_reads_days_and_times_as_they_say_them() {
        let eleven = at("2026-06-11T23:00:00Z");
        assert_eq!(When::day(eleven).text, "11 June 2026");
        for (text, moment, instant) in [
            ("2026-06-11T23:00:00Z", "11 June 2026, 11:00 pm UTC", "11 June 2026, 11:00:00 pm UTC"),
            ("2026-06-11T00:05:09Z", "11 June 2026, 12:05 am UTC", "11 June 2026, 12:05:09 am UTC"),
            ("2026-06-11T12:00:59Z", "11 June 2026, 12:00 pm UTC", "11 June 2026, 12:00:59 pm UTC"),
            ("2026-06-01T11:59:00Z", "1 June 2026, 11:59 am UTC", "1 June 2026, 11:59:00 am UTC"),
        ] {
            assert_eq!(
                (When::moment(at(text)).text.as_str(), When::instant(at(text)).text.as_str()),
                (moment, instant)
            );
        }
    }
}
