//! Points of the posture score, exact to the hundredth.

use std::{fmt, iter, ops};

use serde::{Serialize, Serializer};

/// Points in hundredths; JSON shows them as a number (`5.5`), people as the same digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Points(u32);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// Hundredths of a point.
    pub const fn hundredths(self) -> u32 {
        self.0
    }

    /// `weight × num ÷ den`, rounded down to the hundredth so that whatever is missing costs something; `den` zero gives
    /// the full weight. `num` beyond `den` counts as `den`.
    pub(super) fn of(weight: u8, num: u64, den: u64) -> Self {
        let full = u32::from(weight) * 100;
        if num >= den {
            return Self(full);
        }
        let hundredths = u128::from(full) * u128::from(num) / u128::from(den);
        Self(u32::try_from(hundredths).unwrap_or(full))
    }

    /// Whole points, halves up; at most 100.
    pub(super) fn rounded(self) -> u8 {
        u8::try_from((self.0 + 50) / 100).unwrap_or(100).min(100)
    }
}

impl ops::Sub for Points {
    type Output = Self;
    fn sub(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }
}

impl iter::Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        Self(points.map(|points| points.0).sum())
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}"),
            _ if rest % 10 == 0 => write!(f, "{whole}.{}", rest / 10),
            _ => write!(f, "{whole}.{rest:02}"),
        }
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Points({self})")
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_print_without_needless_zeros() {
        for (hundredths, text) in
            [(0, "0"), (550, "5.5"), (1100, "11"), (4395, "43.95"), (5, "0.05"), (110, "1.1")]
        {
            assert_eq!(Points(hundredths).to_string(), text);
        }
    }

    #[test]
    fn a_gap_however_small_costs_something() {
        assert_eq!(Points::of(44, 999_999_999, 1_000_000_000), Points(4399));
        assert_eq!(Points::of(44, u64::MAX - 1, u64::MAX), Points(4399));
        assert_eq!(Points::of(30, 2, 3), Points(2000));
        assert_eq!(Points::of(30, 0, 0), Points(3000));
    }

    #[test]
    fn halves_round_up() {
        for (hundredths, whole) in [(7149, 71), (7150, 72), (7249, 72), (10_000, 100), (0, 0), (50, 1)] {
            assert_eq!(Points(hundredths).rounded(), whole);
        }
    }
}
