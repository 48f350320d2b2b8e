//! The same change of several people: one after the other, each by itself. One that is refused undoes no other.

use bailiwick_domain::{
    ids::UserId,
    rule::{AssignRole, DisableUser, RemindFactors, RevokeSession},
};
use bailiwick_store::{Permit, Store};

use crate::{Error, Result, factors, invitations::TOO_MANY_LETTERS, sessions, users};

/// People at most in one go.
pub const MOST: usize = 100;

/// The people who were chosen: 1 to [`MOST`], each once, in the order of the choice.
#[derive(Debug, Clone)]
pub struct Chosen(Vec<UserId>);

impl Chosen {
    /// Takes a choice.
    ///
    /// # Errors
    /// `Invalid` for nobody, and for more than [`MOST`].
    pub fn of(ids: Vec<UserId>) -> Result<Self> {
        let mut chosen = Vec::new();
        // Counted before they are compared: a longer list is no choice that a person made.
        if ids.len() <= MOST {
            for id in &ids {
                if !chosen.contains(id) {
                    chosen.push(*id);
                }
            }
        }
        if chosen.is_empty() {
            return Err(Error::field("users", "Choose 1 to 100 people."));
        }
        Ok(Self(chosen))
    }

    /// Who they are.
    pub fn ids(&self) -> &[UserId] {
        &self.0
    }
}

/// What became of one of them.
#[derive(Debug)]
pub struct Answered {
    /// Who.
    pub user: UserId,
    /// Done, or a sentence why not.
    pub outcome: std::result::Result<(), String>,
}

/// Disables each of them, as [`users::disable`] does.
///
/// # Errors
/// The server's own faults, unless somebody before was changed; then the rest is answered as not tried.
pub async fn disable(store: &Store, permit: &Permit<DisableUser>, chosen: Chosen) -> Result<Vec<Answered>> {
    let mut round = Round::default();
    for id in chosen.0 {
        if round.goes_on(id) {
            let outcome = users::disable(store, permit, id).await.map(drop);
            round.note(id, outcome)?;
        }
    }
    Ok(round.answered)
}

/// Enables each of them, as [`users::enable`] does.
///
/// # Errors
/// As [`disable`].
pub async fn enable(store: &Store, permit: &Permit<DisableUser>, chosen: Chosen) -> Result<Vec<Answered>> {
    let mut round = Round::default();
    for id in chosen.0 {
        if round.goes_on(id) {
            let outcome = users::enable(store, permit, id).await.map(drop);
            round.note(id, outcome)?;
        }
    }
    Ok(round.answered)
}

/// Ends every session of each of them, as [`sessions::end_all`] does.
///
/// # Errors
/// As [`disable`].
pub async fn end_sessions(
    store: &Store,
    permit: &Permit<RevokeSession>,
    chosen: Chosen,
) -> Result<Vec<Answered>> {
    let mut round = Round::default();
    for id in chosen.0 {
        if round.goes_on(id) {
            let outcome = sessions::end_all(store, permit, id).await.map(drop);
            round.note(id, outcome)?;
        }
    }
    Ok(round.answered)
}

/// Gives each of them another role, as [`users::assign_role`] does.
///
/// # Errors
/// As [`disable`].
pub async fn assign_role(
    store: &Store,
    permit: &Permit<AssignRole>,
    chosen: Chosen,
    role: &str,
) -> Result<Vec<Answered>> {
    let mut round = Round::default();
    for id in chosen.0 {
        if round.goes_on(id) {
            let outcome = users::assign_role(store, permit, id, role).await.map(drop);
            round.note(id, outcome)?;
        }
    }
    Ok(round.answered)
}

/// Asks each of them by letter to set up a second factor, as [`factors::remind`] does.
///
/// # Errors
/// As [`disable`].
pub async fn remind_of_factors(
    store: &Store,
    permit: &Permit<RemindFactors>,
    chosen: Chosen,
) -> Result<Vec<Answered>> {
    let mut round = Round::default();
    for id in chosen.0 {
        if round.goes_on(id) {
            let outcome = factors::remind(store, permit, id).await;
            round.note(id, outcome)?;
        }
    }
    Ok(round.answered)
}

/// What became of those who were dealt with so far.
#[derive(Default)]
struct Round {
    answered: Vec<Answered>,
    stopped: bool,
}

impl Round {
    /// Whether the next one is tried; where not, that is their answer.
    fn goes_on(&mut self, user: UserId) -> bool {
        if self.stopped {
            let outcome = Err("It was not tried. Try it again.".to_owned());
            self.answered.push(Answered { user, outcome });
        }
        !self.stopped
    }

    /// Notes what became of somebody. The server's own fault ends the round: where nobody was changed before, as an error.
    fn note(&mut self, user: UserId, outcome: Result<()>) -> Result<()> {
        let outcome = match outcome {
            Ok(()) => Ok(()),
            Err(Error::NotFound) => Err("There is nobody here with this id.".to_owned()),
            Err(Error::Invalid(problems)) => {
                Err(problems.into_iter().map(|problem| problem.text).collect::<Vec<_>>().join(" "))
            }
            Err(Error::Conflict(text) | Error::Forbidden(text)) => Err(text.to_owned()),
            // Nothing that is done to several people counts anything else than letters.
            Err(Error::Limited { .. }) => Err(TOO_MANY_LETTERS.to_owned()),
            Err(error) if self.answered.iter().all(|one| one.outcome.is_err()) => return Err(error),
            Err(_) => {
                self.stopped = true;
                Err("It was not done. Try it again.".to_owned())
            }
        };
        self.answered.push(Answered { user, outcome });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use uuid::Uuid;

    use super::*;

    fn ids(range: std::ops::Range<u128>) -> Vec<UserId> {
        range.map(|n| UserId::from(Uuid::from_u128(n))).collect()
    }

    #[test]
    fn a_choice_is_bounded_and_holds_everybody_once() {
        assert!(Chosen::of(Vec::new()).is_err());
        assert!(Chosen::of(ids(0..101)).is_err());
        assert_eq!(Chosen::of(ids(0..100)).unwrap().ids().len(), 100);
        let twice = [ids(3..5), ids(3..4)].concat();
        assert_eq!(Chosen::of(twice).unwrap().ids(), ids(3..5));
    }

    #[test]
    fn a_fault_of_the_server_ends_the_round_and_undoes_nobody() {
        let fault = || Err(Error::Store(bailiwick_store::Error::Busy));
        let [one, two, three]: [UserId; 3] = ids(1..4).try_into().unwrap();
        assert!(Round::default().note(one, fault()).is_err(), "nobody was changed");
        let mut round = Round::default();
        round.note(one, Ok(())).unwrap();
        assert!(round.goes_on(two));
        round.note(two, fault()).unwrap();
        assert!(!round.goes_on(three));
        let done: Vec<_> = round.answered.iter().map(|one| one.outcome.is_ok()).collect();
        assert_eq!(done, [true, false, false]);
    }
}
