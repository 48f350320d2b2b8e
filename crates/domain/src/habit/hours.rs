use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, zone::Zone};

/// Hours of the day in which people are at work: from the first up to, and without, the last. They may lie across midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingHours {
    from: i64,
    to: i64,
}

impl WorkingHours {
    /// From the hour `from` (0 to 23) to the hour `to` (1 to 24); nothing for others, and for a day without hours.
    #[must_use]
    pub const fn new(from: i64, to: i64) -> Option<Self> {
        if from < 0 || from > 23 || to < 1 || to > 24 || from == to { None } else { Some(Self { from, to }) }
    }

    /// Reads `7-19`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let number = |text: &str| {
            let short = (1..=2).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
            if short { text.parse().ok() } else { None }
        };
        Self::new(number(from)?, number(to)?)
    }

    /// The first hour.
    #[must_use]
    pub const fn from(self) -> i64 {
        self.from
    }

    /// The hour in which nobody is at work any more.
    #[must_use]
    pub const fn to(self) -> i64 {
        self.to
    }

    const fn holds(self, hour: i64) -> bool {
        if self.from < self.to {
            hour >= self.from && hour < self.to
        } else {
            hour >= self.from || hour < self.to
        }
    }
}

/// How often somebody acted in each hour of their day, and on which day it was last said that one was unusual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    counts: [i64; 24],
    told: Option<Timestamp>,
}

impl Hours {
    /// The hour of a record, where nobody, or this person, is at work then; once a day. Takes the record in.
    pub(super) fn is_off(
        &mut self,
        at: Timestamp,
        zone: &Zone,
        working: Option<WorkingHours>,
        learnt: bool,
    ) -> Option<i64> {
        let hour = zone.local(at).civil.hour;
        let off = match working {
            Some(working) => !working.holds(hour),
            // The hours beside it count, too: nobody comes and goes with the bell.
            None => learnt && [hour - 1, hour, hour + 1].iter().all(|near| self.count(*near) == 0),
        };
        if let Some(count) = usize::try_from(hour).ok().and_then(|hour| self.counts.get_mut(hour)) {
            *count = count.saturating_add(1);
        }
        let day = at.start_of_day();
        if !off || self.told == Some(day) {
            return None;
        }
        self.told = Some(day);
        Some(hour)
    }

    fn count(&self, hour: i64) -> i64 {
        usize::try_from(hour.rem_euclid(24)).ok().and_then(|hour| self.counts.get(hour)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operator_writes_hours_of_work_in_one_way() {
        let day = WorkingHours::parse("7-19");
        assert_eq!(day, WorkingHours::new(7, 19));
        assert_eq!(WorkingHours::parse("07-19"), day);
        for bad in ["", "7", "7-", "-7", "7-25", "24-7", "7-7", "7 - 19", "+7-19", "007-19", "7-19-20", "a-b"]
        {
            assert_eq!(WorkingHours::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_night_shift_lies_across_midnight() {
        let shift = WorkingHours::parse("22-6");
        let at_work: Vec<i64> =
            (0..24).filter(|hour| shift.is_some_and(|shift| shift.holds(*hour))).collect();
        assert_eq!(at_work, [0, 1, 2, 3, 4, 5, 22, 23]);
    }
}
