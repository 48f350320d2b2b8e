//! Time zones by their names in the IANA database (RFC 6557), from data within the program.
//!
//! Neither the machine's files nor its own zone are looked at: a name means the same on every server.

use std::{fmt, str::FromStr};

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::{Civil, Span, Timestamp};

/// A time zone, in the spelling of the database: `Australia/Sydney`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// An instant as clocks of a zone show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Day and time of day.
    pub civil: Civil,
    /// What people there call the time: `AEST`; `+03` where there is no name for it.
    pub abbreviation: String,
    /// How far it is ahead of UTC, in seconds.
    pub ahead: i64,
}

/// The text names no zone of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time zone")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The name in the database.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// `at` as clocks there show it.
    pub fn local(&self, at: Timestamp) -> Local {
        // Every instant of ours lies within those of the library, which go from the year -9999 to 9999.
        let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        let info = self.0.to_offset_info(instant);
        let ahead = i64::from(info.offset().seconds());
        let shifted = if ahead < 0 { at - Span::seconds(-ahead) } else { at + Span::seconds(ahead) };
        let utc = info.offset() == Offset::UTC && self.0 == TimeZone::UTC;
        let abbreviation = if utc { "UTC".to_owned() } else { info.abbreviation().to_owned() };
        Local { civil: shifted.civil(), abbreviation, ahead }
    }

    /// The instant at which clocks there show the day and the time of day that `civil` has in UTC. Where they show it twice it is
    /// the first time, and where they never do, what they would show had they not been put forward.
    pub fn instant(&self, civil: Timestamp) -> Timestamp {
        let shown =
            TimeZone::UTC.to_datetime(jiff::Timestamp::from_microsecond(civil.micros()).unwrap_or_default());
        match self.0.to_timestamp(shown) {
            Ok(at) => Timestamp::from_micros(at.as_microsecond()),
            // Only beyond the years that the library knows, which ours lie within.
            Err(_) => civil,
        }
    }

    /// The names that people choose from, in alphabetical order: places, and UTC. Names from before the places, such as `EST`
    /// or `US/Pacific`, are understood and not offered.
    pub fn offered() -> Vec<String> {
        const AREAS: [&str; 10] = [
            "Africa/",
            "America/",
            "Antarctica/",
            "Arctic/",
            "Asia/",
            "Atlantic/",
            "Australia/",
            "Europe/",
            "Indian/",
            "Pacific/",
        ];
        let database = TimeZoneDatabase::bundled();
        let names = database.available().map(|name| name.as_str().to_owned());
        let mut names: Vec<_> =
            names.filter(|name| AREAS.iter().any(|area| name.starts_with(area))).collect();
        names.sort_unstable();
        names.insert(0, "UTC".to_owned());
        names
    }
}

impl Local {
    /// How far ahead of UTC: `UTC+10:00`, `UTC-03:30`, and `UTC` for none.
    pub fn offset(&self) -> String {
        let minutes = self.ahead.abs() / 60;
        match self.ahead {
            0 => "UTC".to_owned(),
            ahead => {
                format!("UTC{}{:02}:{:02}", if ahead < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
            }
        }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        // No name is longer than 40 octets; the look-up never sees what could be none.
        if text.len() > 64 || text.eq_ignore_ascii_case("Etc/Unknown") {
            return Err(UnknownZone);
        }
        TimeZoneDatabase::bundled().get(text).map(Self).map_err(|_| UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shown(zone: &str, at: &str) -> String {
        let local = zone.parse::<Zone>().unwrap().local(Timestamp::parse(at).unwrap());
        let Civil { year, month, day, hour, minute, .. } = local.civil;
        let offset = local.offset();
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} {} {offset}", local.abbreviation)
    }

    #[test]
    fn person_reads_the_clock_of_their_place_in_summer_and_winter() {
        for (zone, at, text) in [
            ("UTC", "2026-06-11T23:00:00Z", "2026-06-11 23:00 UTC UTC"),
            ("Australia/Sydney", "2026-06-11T23:00:00Z", "2026-06-12 09:00 AEST UTC+10:00"),
            ("Australia/Sydney", "2026-12-11T23:00:00Z", "2026-12-12 10:00 AEDT UTC+11:00"),
            ("America/St_Johns", "2026-01-01T00:00:00Z", "2025-12-31 20:30 NST UTC-03:30"),
            ("Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01 05:45 +0545 UTC+05:45"),
            ("Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59 CET UTC+01:00"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00 CEST UTC+02:00"),
        ] {
            assert_eq!(shown(zone, at), text, "{zone} {at}");
        }
    }

    #[test]
    fn a_zone_has_one_spelling_and_its_own_json() {
        let zone: Zone = "australia/SYDNEY".parse().unwrap();
        assert_eq!(zone.name(), "Australia/Sydney");
        assert_eq!(serde_json::to_value(&zone).unwrap(), "Australia/Sydney");
        assert_eq!(serde_json::from_value::<Zone>("Australia/Sydney".into()).unwrap(), zone);
        assert_eq!("utc".parse::<Zone>().unwrap(), Zone::UTC);
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in ["", "Sydney", "Mars/Olympus", "../../etc/passwd", "Etc/Unknown", &"A".repeat(1000)] {
            assert_eq!(text.parse::<Zone>(), Err(UnknownZone), "{text}");
        }
    }

    #[test]
    fn every_offered_name_is_a_zone_and_stands_there_once() {
        let names = Zone::offered();
        assert!(names.len() > 300 && names.first().is_some_and(|name| name == "UTC"));
        for name in &names {
            assert_eq!(name.parse::<Zone>().unwrap().name(), name);
        }
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }
}
