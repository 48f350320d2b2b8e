//! One rate, as it is written in the configuration.

use std::{fmt, num::NonZeroU32, str::FromStr, time::Duration};

/// So many requests in a second, minute or hour, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    per: Per,
    burst: NonZeroU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Per {
    Second,
    Minute,
    Hour,
}

impl Per {
    const ALL: [Self; 3] = [Self::Second, Self::Minute, Self::Hour];

    const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
        }
    }
}

/// The text is not a rate such as `500/s burst 5000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate such as \"500/s burst 5000\"")]
pub struct BadRate;

impl Rate {
    /// The largest number of either kind.
    pub const MOST: u32 = 1_000_000;

    /// `count` in a second, and `burst` at once; a zero counts as one.
    #[must_use]
    pub const fn a_second(count: u32, burst: u32) -> Self {
        Self { count: at_least_one(count), per: Per::Second, burst: at_least_one(burst) }
    }

    /// Requests at once after a pause.
    pub(super) const fn burst(self) -> NonZeroU32 {
        self.burst
    }

    /// The time in which one more may come.
    pub(super) fn interval(self) -> Duration {
        Duration::from_secs(self.per.seconds()) / self.count.get()
    }

    /// Seconds until whoever has used up everything has everything again.
    pub(super) fn window(self) -> u64 {
        seconds_up(self.interval().saturating_mul(self.burst.get()))
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Whole seconds, and one where there is a rest.
pub(super) fn seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

impl FromStr for Rate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        let (rate, burst) = text.split_once(" burst ").ok_or(BadRate)?;
        let (count, unit) = rate.split_once('/').ok_or(BadRate)?;
        let per = Per::ALL.into_iter().find(|per| per.name() == unit).ok_or(BadRate)?;
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().ok().filter(|number| plain && *number <= Self::MOST);
            number.and_then(NonZeroU32::new).ok_or(BadRate)
        };
        Ok(Self { count: number(count)?, per, burst: number(burst)? })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} burst {}", self.count, self.per.name(), self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_and_written() {
        for (text, interval, window) in [
            ("500/s burst 5000", Duration::from_millis(2), 10),
            ("30/m burst 1", Duration::from_secs(2), 2),
            ("1/h burst 3", Duration::from_secs(3_600), 10_800),
            ("1000000/s burst 1000000", Duration::from_micros(1), 1),
            ("3/s burst 10", Duration::from_nanos(333_333_333), 4),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.to_string().as_str(), rate.interval(), rate.window()), (text, interval, window));
        }
        for text in [
            "",
            "5",
            "5/s",
            "5/d burst 1",
            "0/s burst 1",
            "5/s burst 0",
            "+5/s burst 1",
            "5/s burst 1000001",
            "5/s  burst 1",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(BadRate), "{text}");
        }
    }
}
