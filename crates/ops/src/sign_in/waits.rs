//! Who has to wait, for how long, and what everybody is told of it.

use bailiwick_domain::{
    ids::UserId,
    sign_in::SignInLimits,
    time::{Span, Timestamp},
};
use bailiwick_store::{Scope, attempts};

use super::attempts::{CODE, PASSWORD, RECOVERY, bound};
use crate::{Error, Result};

/// Every factor that is guessed at. A passkey never keeps anybody waiting.
const FACTORS: [&str; 3] = [PASSWORD, CODE, RECOVERY];

/// The guess, of these from the newest on, that led to the last wait, and how long that is; nothing while there was none.
///
/// Further ones may have come before its end: from a known device at the same address.
pub(super) fn last_wait(limits: &SignInLimits, strikes: &[Timestamp]) -> Option<(Timestamp, Span)> {
    let count = i64::try_from(strikes.len()).ok()?;
    let since = count.checked_rem(limits.free_guesses)?;
    let at = strikes.get(usize::try_from(since).ok()?)?;
    Some((*at, limits.wait_after(count - since)?))
}

/// How long somebody still has to wait after these wrong guesses, newest first; nothing for whoever need not.
pub(super) fn remaining(limits: &SignInLimits, strikes: &[Timestamp], now: Timestamp) -> Option<Span> {
    let (at, wait) = last_wait(limits, strikes)?;
    let until = at + wait;
    (now < until).then(|| until.since(now))
}

/// From when on guesses count: for a window, and not from before somebody let the person try again.
pub(super) async fn counted_since(scope: &mut impl Scope, user: UserId, window: Span) -> Result<Timestamp> {
    let [since] = all_counted_since(scope, user, [window]).await?;
    Ok(since)
}

/// The same for several windows, by one look at who let the person try again.
pub(super) async fn all_counted_since<const N: usize>(
    scope: &mut impl Scope,
    user: UserId,
    windows: [Span; N],
) -> Result<[Timestamp; N]> {
    let begins = windows.map(|window| scope.now() - window);
    let Some(first) = begins.iter().min() else { return Ok(begins) };
    // The last time of all is the last one of each window that it falls into.
    let unlocked = attempts::unlocked_since(scope, user, *first).await?;
    Ok(begins.map(|begin| after(unlocked, begin)))
}

/// The begin of a window, or the moment after somebody let the person try again in it.
fn after(unlocked: Option<Timestamp>, begin: Timestamp) -> Timestamp {
    unlocked.filter(|at| *at >= begin).map_or(begin, |at| Timestamp::from_micros(at.micros() + 1))
}

/// A factor that is guessed at, by its stored name.
pub(super) fn factor_named(name: &str) -> Option<&'static str> {
    FACTORS.into_iter().find(|factor| *factor == name)
}

/// From when on an account takes guesses with this factor from unknown devices again, unless more of them come; nothing while it
/// does.
pub(super) async fn opens_at(
    scope: &mut impl Scope,
    user: UserId,
    factor: &str,
) -> Result<Option<Timestamp>> {
    let limits = scope.sign_in_limits();
    let Some(bound) = bound(factor, &limits) else { return Ok(None) };
    let since = counted_since(scope, user, limits.account_window).await?;
    let last = attempts::refused_before_last(scope, user, factor, since, bound).await?;
    // It counts up to the very end of the window.
    Ok(last.map(|at| Timestamp::from_micros((at + limits.account_window).micros() + 1)))
}

/// That nobody, or nobody from some sources, gets any further at an account for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// `password`, `totp` or `recovery`.
    pub factor: &'static str,
    /// How many sources have to wait; nothing where all have to.
    pub sources: Option<i64>,
    /// Until when at the latest.
    pub until: Timestamp,
}

/// Who has to wait at a user's account after wrong guesses, by factor; nobody as a rule. A known device with the right password never does.
pub async fn waits(scope: &mut impl Scope, user: UserId) -> Result<Vec<Waits>> {
    let (limits, now) = (scope.sign_in_limits(), scope.now());
    let mut found = Vec::new();
    let [remembered, everywhere] =
        all_counted_since(scope, user, [limits.remembered, limits.account_window]).await?;
    for factor in FACTORS {
        let strikes = attempts::strikes_by_source(scope, user, factor, remembered).await?;
        let waits: Vec<_> = strikes.iter().filter_map(|one| remaining(&limits, one, now)).collect();
        found.extend(waits.iter().max().map(|longest| Waits {
            factor,
            sources: Some(i64::try_from(waits.len()).unwrap_or(i64::MAX)),
            until: now + *longest,
        }));
    }
    for factor in FACTORS {
        if let Some(bound) = bound(factor, &limits)
            && attempts::refused_anywhere_since(scope, user, factor, everywhere).await? >= bound
        {
            found.push(Waits { factor, sources: None, until: now + limits.account_window });
        }
    }
    Ok(found)
}

/// The answer to whoever has to wait for so long.
pub(super) fn limited(wait: Span) -> Error {
    // Whoever comes back within the last second would be turned away once more.
    let begun = i64::from(Span::seconds(wait.as_seconds()) < wait);
    Error::Limited { retry_after_seconds: (wait.as_seconds() + begun).max(1) }
}

/// What everybody is told of the limits, whoever they are and whatever was wrong.
pub(super) fn rule(limits: &SignInLimits) -> String {
    format!(
        "After {} wrong tries, wait {}; each further wait is longer.",
        in_words(limits.free_guesses),
        match limits.first_wait.as_seconds() / 60 {
            1 => "a minute".to_owned(),
            minutes => format!("{} minutes", in_words(minutes)),
        }
    )
}

fn in_words(number: i64) -> String {
    const WORDS: [&str; 16] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve", "thirteen", "fourteen", "fifteen",
    ];
    let word = usize::try_from(number).ok().and_then(|number| WORDS.get(number));
    word.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_reads_the_limits_that_are_in_force() {
        let limits = SignInLimits::default();
        assert_eq!(
            rule(&limits),
            "After five wrong tries, wait fifteen minutes; each further wait is longer."
        );
        let strict = SignInLimits { free_guesses: 3, first_wait: Span::minutes(1), ..limits };
        assert_eq!(rule(&strict), "After three wrong tries, wait a minute; each further wait is longer.");
        let long = SignInLimits { free_guesses: 20, first_wait: Span::minutes(60), ..limits };
        assert_eq!(rule(&long), "After 20 wrong tries, wait 60 minutes; each further wait is longer.");
    }

    #[test]
    fn guesses_of_a_known_device_end_no_wait_of_its_address() {
        let limits = SignInLimits::default();
        let at = |minute: i64| Timestamp::from_micros(minute * 60_000_000);
        let minutes = |strikes: &[i64], now| {
            let strikes: Vec<_> = strikes.iter().map(|minute| at(*minute)).collect();
            remaining(&limits, &strikes, at(now)).map(|wait| wait.as_seconds() / 60)
        };
        assert_eq!(minutes(&[4, 3, 2, 1], 5), None);
        assert_eq!(minutes(&[5, 4, 3, 2, 1], 6), Some(14));
        assert_eq!(minutes(&[6, 5, 4, 3, 2, 1], 7), Some(13), "one more, from a known device");
        assert_eq!(minutes(&[5, 4, 3, 2, 1], 20), None);
        assert_eq!(minutes(&[20, 5, 4, 3, 2, 1], 21), None, "four are left after the wait");
        assert_eq!(minutes(&[24, 23, 22, 21, 20, 5, 4, 3, 2, 1], 25), Some(29));
    }

    #[test]
    fn an_unlock_counts_in_the_windows_that_it_falls_into() {
        let at = Timestamp::from_micros;
        assert_eq!(after(None, at(10)), at(10));
        assert_eq!(after(Some(at(9)), at(10)), at(10));
        assert_eq!(after(Some(at(10)), at(10)), at(11));
        assert_eq!(after(Some(at(25)), at(10)), at(26));
    }

    #[test]
    fn whoever_comes_back_when_they_are_told_has_waited_long_enough() {
        let seconds = |wait| match limited(wait) {
            Error::Limited { retry_after_seconds } => retry_after_seconds,
            _ => 0,
        };
        assert_eq!((seconds(Span::seconds(0)), seconds(Span::minutes(15))), (1, 900));
        let begun = Timestamp::from_micros(1_500_000).since(Timestamp::from_micros(0));
        assert_eq!(seconds(begun), 2);
    }
}
