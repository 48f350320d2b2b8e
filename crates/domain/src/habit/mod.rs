//! What somebody usually does, learnt from the log, and what is unusual by it.
//!
//! Pure and bounded: a [`Habit`] holds a few short lists and numbers, whatever the actor does, and [`Habit::observe`] compares one
//! record with it before taking it in.

mod countries;
mod hours;
mod recent;

pub use countries::{BadCountries, Countries};
pub use hours::{Hours, WorkingHours};
use recent::Recent;
use serde::{Deserialize, Serialize};

use crate::{
    entity::AnomalyKind,
    time::{Span, Timestamp},
    zone::Zone,
};

/// Places, devices and actions that are remembered of one actor at most; the one not seen for longest gives way.
const PLACES: usize = 32;
const DEVICES: usize = 16;
const ACTIONS: usize = 128;
/// Windows that have to be over before one can be called a burst.
const WINDOWS: i64 = 10;
/// Means are kept in thousandths, as whole numbers.
const MILLI: i64 = 1000;

/// When something is called unusual: `[audit]` of the configuration, else [`Default`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// For so long after an actor's first record nothing is called unusual.
    pub quiet: Span,
    /// The length of the window in which records are counted.
    pub window: Span,
    /// Fewer records in one window are never a burst.
    pub burst_records: i64,
    /// A burst is so many times the actor's own mean.
    pub burst_factor: i64,
    /// Records after which an actor's own hours count as learnt.
    pub learnt_after: i64,
    /// The hours of work for everybody; without them each actor's own are learnt.
    pub working: Option<WorkingHours>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            quiet: Span::hours(72),
            window: Span::minutes(5),
            burst_records: 60,
            burst_factor: 5,
            learnt_after: 200,
            working: None,
        }
    }
}

/// One record, as far as habits go.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// When it was recorded.
    pub at: Timestamp,
    /// What was done, `noun.verb`.
    pub action: &'a str,
    /// A country (ISO 3166-1 alpha-2) or a kind of network; nothing where neither is known.
    pub place: Option<&'a str>,
    /// A kind of device; nothing where it is not known.
    pub device: Option<&'a str>,
    /// The clock of the person.
    pub zone: &'a Zone,
}

/// Something unusual about one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusual {
    /// In which way.
    pub kind: AnomalyKind,
    /// The place, device, action or hour, or how many records there were.
    pub what: String,
    /// Where the records begin that show it.
    pub from: Timestamp,
}

/// What one actor usually does. Its JSON is at most some kilobytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habit {
    first: Timestamp,
    records: i64,
    places: Recent,
    devices: Recent,
    actions: Recent,
    hours: Hours,
    window: Window,
}

/// The window that is open, and what those before were like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Window {
    from: Timestamp,
    count: i64,
    told: bool,
    over: i64,
    mean: i64,
}

impl Habit {
    /// Of somebody who was never seen before `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            first: at,
            records: 0,
            places: Recent::default(),
            devices: Recent::default(),
            actions: Recent::default(),
            hours: Hours::default(),
            window: Window { from: at, count: 0, told: false, over: 0, mean: 0 },
        }
    }

    /// Says what is unusual about a record, and takes it in.
    pub fn observe(&mut self, seen: &Seen<'_>, thresholds: &Thresholds) -> Vec<Unusual> {
        let mut unusual = Vec::new();
        let mut note = |kind, what: String, from| unusual.push(Unusual { kind, what, from });
        if let Some(place) = seen.place
            && self.places.is_news(place, PLACES)
        {
            note(AnomalyKind::Place, place.to_owned(), seen.at);
        }
        if let Some(device) = seen.device
            && self.devices.is_news(device, DEVICES)
        {
            note(AnomalyKind::Device, device.to_owned(), seen.at);
        }
        if self.actions.is_news(seen.action, ACTIONS) {
            note(AnomalyKind::Action, seen.action.to_owned(), seen.at);
        }
        let learnt = self.records >= thresholds.learnt_after;
        if let Some(hour) = self.hours.is_off(seen.at, seen.zone, thresholds.working, learnt) {
            note(AnomalyKind::Hour, format!("{hour:02}:00"), seen.at);
        }
        if let Some(count) = self.window.is_burst(seen.at, thresholds) {
            note(AnomalyKind::Burst, count.to_string(), self.window.from);
        }
        self.records = self.records.saturating_add(1);
        if seen.at.since(self.first) < thresholds.quiet {
            unusual.clear();
        }
        unusual
    }
}

impl Window {
    /// Counts a record; says how many there are where they have just become a burst, once for each window.
    fn is_burst(&mut self, at: Timestamp, thresholds: &Thresholds) -> Option<i64> {
        if at.since(self.from) >= thresholds.window {
            if self.count > 0 {
                self.over = self.over.saturating_add(1);
                // The newest windows count most, so that a habit can change.
                let weight = self.over.min(WINDOWS);
                self.mean += (self.count.saturating_mul(MILLI) - self.mean) / weight;
            }
            (self.from, self.count, self.told) = (at, 0, false);
        }
        self.count = self.count.saturating_add(1);
        let many = self.count >= thresholds.burst_records
            && self.count.saturating_mul(MILLI) >= self.mean.saturating_mul(thresholds.burst_factor);
        if self.told || self.over < WINDOWS || !many {
            return None;
        }
        self.told = true;
        Some(self.count)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const DAY: i64 = 24;
    static UTC: Zone = Zone::UTC;

    fn at(hours: i64) -> Timestamp {
        Timestamp::parse("2026-03-02T09:00:00Z").unwrap() + Span::hours(hours)
    }

    fn seen(at: Timestamp) -> Seen<'static> {
        Seen { at, action: "user.renamed", place: Some("AU"), device: Some("Firefox on Linux"), zone: &UTC }
    }

    fn kinds(unusual: &[Unusual]) -> Vec<AnomalyKind> {
        unusual.iter().map(|one| one.kind).collect()
    }

    /// Somebody who worked for some days, one record an hour from nine to five.
    fn worker(days: i64, thresholds: &Thresholds) -> Habit {
        let mut habit = Habit::new(at(0));
        for day in 0..days {
            for hour in 0..8 {
                let unusual = habit.observe(&seen(at(day * DAY + hour)), thresholds);
                assert!(unusual.is_empty(), "{unusual:?}");
            }
        }
        habit
    }

    #[test]
    fn the_first_days_of_somebody_raise_nothing() {
        let thresholds = Thresholds::default();
        let mut habit = Habit::new(at(0));
        for hour in 0..71 {
            let other = Seen {
                action: if hour % 2 == 0 { "a.b" } else { "c.d" },
                place: Some(if hour % 3 == 0 { "AU" } else { "NZ" }),
                ..seen(at(hour))
            };
            assert!(habit.observe(&other, &thresholds).is_empty());
        }
    }

    #[test]
    fn a_new_place_a_new_device_and_a_new_action_are_noted_once() {
        let thresholds = Thresholds::default();
        let mut habit = worker(10, &thresholds);
        let strange = Seen {
            action: "policy.updated",
            place: Some("FR"),
            device: Some("Safari on iOS"),
            ..seen(at(10 * DAY))
        };
        let noted = habit.observe(&strange, &thresholds);
        assert_eq!(kinds(&noted), [AnomalyKind::Place, AnomalyKind::Device, AnomalyKind::Action]);
        assert_eq!(
            noted.iter().map(|one| one.what.as_str()).collect::<Vec<_>>(),
            ["FR", "Safari on iOS", "policy.updated"]
        );
        assert!(habit.observe(&Seen { at: at(10 * DAY + 1), ..strange }, &thresholds).is_empty());
    }

    #[test]
    fn what_is_not_known_of_a_record_is_no_news() {
        let thresholds = Thresholds::default();
        let mut habit = worker(10, &thresholds);
        let bare = Seen { place: None, device: None, ..seen(at(10 * DAY)) };
        assert!(habit.observe(&bare, &thresholds).is_empty());
    }

    #[test]
    fn own_hours_are_learnt_and_the_night_is_noted_once_a_day() {
        let thresholds = Thresholds { learnt_after: 80, ..Thresholds::default() };
        let mut habit = worker(12, &thresholds);
        // Three in the morning.
        let night = at(12 * DAY - 6);
        assert_eq!(kinds(&habit.observe(&seen(night), &thresholds)), [AnomalyKind::Hour]);
        assert!(habit.observe(&seen(night + Span::minutes(6)), &thresholds).is_empty());
        // Eight is next to nine.
        assert!(habit.observe(&seen(at(13 * DAY - 1)), &thresholds).is_empty());
    }

    #[test]
    fn hours_of_work_for_everybody_follow_the_clock_of_the_person() {
        let working = WorkingHours::new(8, 18);
        let thresholds = Thresholds { working, ..Thresholds::default() };
        let sydney: Zone = "Australia/Sydney".parse().unwrap();
        let mut habit = worker(10, &thresholds);
        // Nine in the morning, UTC, is eight in the evening there.
        let evening = Seen { zone: &sydney, ..seen(at(10 * DAY)) };
        let noted = habit.observe(&evening, &thresholds);
        assert_eq!(
            (kinds(&noted), noted.first().map(|one| one.what.as_str())),
            (vec![AnomalyKind::Hour], Some("20:00"))
        );
    }

    #[test]
    fn a_burst_is_measured_by_ones_own_past_and_noted_once() {
        let thresholds = Thresholds { burst_records: 20, ..Thresholds::default() };
        let mut habit = worker(10, &thresholds);
        let start = at(10 * DAY);
        let burst = |habit: &mut Habit, start: Timestamp| {
            let each = (0..40).map(|second| habit.observe(&seen(start + Span::seconds(second)), &thresholds));
            each.flatten().collect::<Vec<_>>()
        };
        let noted = burst(&mut habit, start);
        assert_eq!(
            (kinds(&noted), noted.first().map(|one| one.what.as_str())),
            (vec![AnomalyKind::Burst], Some("20"))
        );
        assert_eq!(noted.first().map(|one| one.from), Some(start));
        // Whoever does so all the time has no bursts.
        let mut busy = Habit::new(at(0));
        for window in 0..200 {
            burst(&mut busy, at(0) + Span::minutes(10 * window));
        }
        assert!(burst(&mut busy, at(9 * DAY)).iter().all(|one| one.kind != AnomalyKind::Burst));
    }

    #[test]
    fn what_is_remembered_of_somebody_is_bounded() {
        let thresholds = Thresholds::default();
        let mut habit = Habit::new(at(0));
        for n in 0..5000 {
            let (text, longest) = (format!("place {n}"), "x".repeat(500));
            let other = Seen { action: &longest, place: Some(&text), device: Some(&text), ..seen(at(n)) };
            habit.observe(&other, &thresholds);
        }
        let stored = serde_json::to_string(&habit).unwrap();
        assert!(stored.len() < 16 * 1024, "{}", stored.len());
        assert_eq!(serde_json::from_str::<Habit>(&stored).unwrap(), habit);
    }
}
