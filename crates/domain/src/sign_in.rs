//! How many wrong guesses are let through, and how long whoever made them waits.

use crate::time::Span;

/// The limits of wrong guesses. Counts are of guesses, spans of time; those of the configuration, else [`Default`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInLimits {
    /// Wrong guesses from one source at one account and factor before it waits, and again after each wait. As many wrong
    /// codes, or passwords in a session, end that session.
    pub free_guesses: i64,
    /// The first wait.
    pub first_wait: Span,
    /// No wait is longer: each is twice the one before until then.
    pub longest_wait: Span,
    /// How far back the wrong guesses of a source count.
    pub remembered: Span,
    /// Wrong passwords at one account from all sources together before none is taken from a device that is not known.
    pub account_passwords: i64,
    /// Wrong codes of one kind at one account, in the same way.
    pub account_codes: i64,
    /// How far back wrong guesses at an account count.
    pub account_window: Span,
    /// Known devices of one person; the one that was used longest ago gives way.
    pub devices: i64,
    /// A device is known for so long after the last sign-in from there.
    pub device_lasts: Span,
}

impl Default for SignInLimits {
    /// NIST SP 800-63B-4 (3.2.2) allows no more than 100 consecutive failures at an account. Of codes it is half of that:
    /// whoever guesses them has the password already, and three of a million are good at a time.
    fn default() -> Self {
        Self {
            free_guesses: 5,
            first_wait: Span::minutes(15),
            longest_wait: Span::minutes(240),
            remembered: Span::hours(24),
            account_passwords: 100,
            account_codes: 50,
            account_window: Span::minutes(60),
            devices: 10,
            device_lasts: Span::days(180),
        }
    }
}

impl SignInLimits {
    /// How long a source waits after its last wrong guess, where that many count; nothing while it has some left.
    #[must_use]
    pub fn wait_after(&self, guesses: i64) -> Option<Span> {
        let round = match (guesses.checked_div(self.free_guesses), guesses.checked_rem(self.free_guesses)) {
            (Some(round), Some(0)) if round > 0 => round,
            _ => return None,
        };
        let factor = u32::try_from(round - 1).ok().and_then(|twice| 1_i64.checked_shl(twice));
        let seconds = factor.and_then(|factor| self.first_wait.as_seconds().checked_mul(factor));
        let longest = self.longest_wait.as_seconds().max(self.first_wait.as_seconds());
        // A factor that does not fit, or has become negative, is longer than any wait.
        Some(Span::seconds(seconds.filter(|seconds| (1..longest).contains(seconds)).unwrap_or(longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_up_to_the_longest() {
        let limits = SignInLimits::default();
        let minutes = |guesses| limits.wait_after(guesses).map(|wait| wait.as_seconds() / 60);
        let expected = [(5, 15), (10, 30), (15, 60), (20, 120), (25, 240), (30, 240), (5000, 240)];
        for (guesses, wait) in expected {
            assert_eq!(minutes(guesses), Some(wait), "{guesses}");
        }
        for guesses in [-5, 0, 1, 4, 6, 9, 11] {
            assert_eq!(minutes(guesses), None, "{guesses}");
        }
        for guesses in [5 * 63, 5 * 64, 5 * 65, 5 * 66, 5 * 1000] {
            assert_eq!(minutes(guesses), Some(240), "{guesses}");
        }
    }

    #[test]
    fn a_first_wait_beyond_the_longest_stays_as_it_is() {
        let limits = SignInLimits {
            first_wait: Span::minutes(30),
            longest_wait: Span::minutes(10),
            ..SignInLimits::default()
        };
        assert_eq!(limits.wait_after(5), Some(Span::minutes(30)));
        assert_eq!(limits.wait_after(50), Some(Span::minutes(30)));
    }
}
