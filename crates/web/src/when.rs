//! Times as people read them, with the exact instant behind. The only place that writes one: every page has the same
//! format, and wherever a time of day is shown, its zone stands beside it.

use bailiwick_domain::{
    rule::Rule,
    time::{Civil, Timestamp},
    zone::Zone,
};
use bailiwick_store::Permit;

/// A time for the templates, which write it in the reader's time zone: `datetime`, `title` and text of a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    at: Timestamp,
    shown: Shown,
}

/// In which words.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Shown {
    /// These, whatever the zone.
    Ago(String),
    Day,
    Moment,
    Instant,
}

/// The time zone that whoever holds `permit` chose for themselves; UTC for everybody else.
pub(crate) fn zone_of<R: Rule>(permit: &Permit<R>) -> Zone {
    permit.caller().and_then(|caller| caller.user.time_zone.clone()).unwrap_or_default()
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
        Self { at, shown: Shown::Ago(text) }
    }

    /// The day: `11 June 2026`. For dates on which something begins or ends, where the hour does not matter.
    pub const fn day(at: Timestamp) -> Self {
        Self { at, shown: Shown::Day }
    }

    /// Day and time of day: `11 June 2026, 11:00 pm UTC`.
    pub const fn moment(at: Timestamp) -> Self {
        Self { at, shown: Shown::Moment }
    }

    /// The same to the second, for evidence: `11 June 2026, 11:00:05 pm UTC`.
    pub const fn instant(at: Timestamp) -> Self {
        Self { at, shown: Shown::Instant }
    }

    /// For programs, in UTC: `2026-11-21T22:14:03Z`.
    pub fn iso(&self) -> String {
        let c = self.at.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second)
    }

    /// The instant with its distance from UTC: `2026-11-21 22:14:03 UTC`, `2026-11-22 09:14:03 AEDT (UTC+11:00)`.
    pub fn exact(&self, zone: &Zone) -> String {
        let local = zone.local(self.at);
        let c = local.civil;
        let clock = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        );
        match local.abbreviation.as_str() {
            "UTC" => format!("{clock} UTC"),
            name => format!("{clock} {name} ({})", local.offset()),
        }
    }

    /// What the page shows.
    pub fn text(&self, zone: &Zone) -> String {
        let local = zone.local(self.at);
        let (c, name) = (local.civil, local.abbreviation);
        let (hour, half) = hour(&c);
        match &self.shown {
            Shown::Ago(text) => text.clone(),
            Shown::Day => day(&c),
            Shown::Moment => format!("{}, {hour}:{:02} {half} {name}", day(&c), c.minute),
            Shown::Instant => format!("{}, {hour}:{:02}:{:02} {half} {name}", day(&c), c.minute, c.second),
        }
    }
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
        assert_eq!(when.iso(), "2026-11-21T20:14:03Z");
        assert_eq!(when.exact(&Zone::UTC), "2026-11-21 20:14:03 UTC");
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
            assert_eq!(When::ago(now - Span::seconds(seconds), now).text(&Zone::UTC), text);
        }
    }

    #[test]
    fn person_reads_days_and_times_as_they_say_them() {
        let eleven = at("2026-06-11T23:00:00Z");
        assert_eq!(When::day(eleven).text(&Zone::UTC), "11 June 2026");
        for (text, moment, instant) in [
            ("2026-06-11T23:00:00Z", "11 June 2026, 11:00 pm UTC", "11 June 2026, 11:00:00 pm UTC"),
            ("2026-06-11T00:05:09Z", "11 June 2026, 12:05 am UTC", "11 June 2026, 12:05:09 am UTC"),
            ("2026-06-11T12:00:59Z", "11 June 2026, 12:00 pm UTC", "11 June 2026, 12:00:59 pm UTC"),
            ("2026-06-01T11:59:00Z", "1 June 2026, 11:59 am UTC", "1 June 2026, 11:59:00 am UTC"),
        ] {
            assert_eq!(
                (When::moment(at(text)).text(&Zone::UTC), When::instant(at(text)).text(&Zone::UTC)),
                (moment.to_owned(), instant.to_owned())
            );
        }
    }

    #[test]
    fn person_reads_the_clock_of_their_own_place_and_programs_read_utc() {
        let zone: Zone = "Australia/Sydney".parse().unwrap();
        let when = When::moment(at("2026-11-21T22:14:03Z"));
        assert_eq!(when.text(&zone), "22 November 2026, 9:14 am AEDT");
        assert_eq!(when.exact(&zone), "2026-11-22 09:14:03 AEDT (UTC+11:00)");
        assert_eq!(when.iso(), "2026-11-21T22:14:03Z");
        assert_eq!(When::day(at("2026-11-21T22:14:03Z")).text(&zone), "22 November 2026");
        let london: Zone = "Europe/London".parse().unwrap();
        assert_eq!(when.exact(&london), "2026-11-21 22:14:03 GMT (UTC)");
    }
}
